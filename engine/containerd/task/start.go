package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
)

// Start starts a created process.
func (t *Tasks) Start(ctx context.Context, id, execID string) (pid uint32, err error) {
	found, err := t.find(ctx, id)
	if err != nil {
		return 0, err
	}
	return found.shim.Start(ctx, &taskv3.StartRequest{ID: id, ExecID: execID})
}
