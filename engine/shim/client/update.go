package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Update changes the container's limits.
func (s *Shim) Update(ctx context.Context, req *task.UpdateTaskRequest) error {
	_, err := s.tasks.Update(ctx, req)
	return s.failed(err)
}
