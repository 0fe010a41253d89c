package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
)

// Update changes the limits of a running container. What the resources say is
// between the client and the shim.
func (t *Tasks) Update(ctx context.Context, r *taskv3.UpdateTaskRequest) error {
	found, err := t.find(ctx, r.ID)
	if err != nil {
		return err
	}
	return found.shim.Update(ctx, r)
}
