package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// State tells what a process is doing.
func (s *Shim) State(ctx context.Context, req *task.StateRequest) (*task.StateResponse, error) {
	resp, err := s.tasks.State(ctx, req)
	if err != nil {
		return nil, s.failed(err)
	}
	return resp, nil
}
