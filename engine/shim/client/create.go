package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Create makes the container and its first process, which waits for Start.
func (s *Shim) Create(ctx context.Context, req *task.CreateTaskRequest) (pid uint32, err error) {
	resp, err := s.tasks.Create(ctx, req)
	if err != nil {
		return 0, s.failed(err)
	}
	return resp.Pid, nil
}
