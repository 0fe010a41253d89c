package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
)

// ResizePty sets the size of a process's terminal.
func (t *Tasks) ResizePty(ctx context.Context, r *taskv3.ResizePtyRequest) error {
	found, err := t.find(ctx, r.ID)
	if err != nil {
		return err
	}
	return found.shim.ResizePty(ctx, r)
}
