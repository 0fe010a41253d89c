package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
)

// Wait blocks until a process ends.
func (t *Tasks) Wait(ctx context.Context, id, execID string) (*taskv3.WaitResponse, error) {
	found, err := t.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return found.shim.Wait(ctx, &taskv3.WaitRequest{ID: id, ExecID: execID})
}
