package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Start starts a created process.
func (s *Shim) Start(ctx context.Context, req *task.StartRequest) (pid uint32, err error) {
	resp, err := s.tasks.Start(ctx, req)
	if err != nil {
		return 0, s.failed(err)
	}
	return resp.Pid, nil
}
