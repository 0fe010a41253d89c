package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	types "github.com/containerd/containerd/api/types/task"
)

// Pids lists the processes of a container.
func (t *Tasks) Pids(ctx context.Context, id string) ([]*types.ProcessInfo, error) {
	found, err := t.find(ctx, id)
	if err != nil {
		return nil, err
	}
	resp, err := found.shim.Pids(ctx, &taskv3.PidsRequest{ID: id})
	if err != nil {
		return nil, err
	}
	return resp.Processes, nil
}
