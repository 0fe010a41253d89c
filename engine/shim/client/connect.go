package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Connect tells the pids of the shim and of the container's first process.
func (s *Shim) Connect(ctx context.Context, req *task.ConnectRequest) (*task.ConnectResponse, error) {
	resp, err := s.tasks.Connect(ctx, req)
	if err != nil {
		return nil, s.failed(err)
	}
	return resp, nil
}
