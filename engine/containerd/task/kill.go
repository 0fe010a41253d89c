package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
)

// Kill signals a process, or all of a container's. If the container ended
// meanwhile, and its shim with it, there is nothing left to signal.
func (t *Tasks) Kill(ctx context.Context, r *taskv3.KillRequest) error {
	found, err := t.find(ctx, r.ID)
	if err != nil {
		return err
	}
	_, err = found.after(ctx, r.ExecID, found.shim.Kill(ctx, r))
	return err
}
