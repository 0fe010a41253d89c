package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Pids lists the container's processes.
func (s *Shim) Pids(ctx context.Context, req *task.PidsRequest) (*task.PidsResponse, error) {
	resp, err := s.tasks.Pids(ctx, req)
	if err != nil {
		return nil, s.failed(err)
	}
	return resp, nil
}
