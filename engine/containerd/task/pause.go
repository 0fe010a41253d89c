package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
)

// Pause freezes all processes of a container.
func (t *Tasks) Pause(ctx context.Context, id string) error {
	found, err := t.find(ctx, id)
	if err != nil {
		return err
	}
	return found.shim.Pause(ctx, &taskv3.PauseRequest{ID: id})
}
