package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
)

// CloseIO ends a process's standard input.
func (t *Tasks) CloseIO(ctx context.Context, r *taskv3.CloseIORequest) error {
	found, err := t.find(ctx, r.ID)
	if err != nil {
		return err
	}
	return found.shim.CloseIO(ctx, r)
}
