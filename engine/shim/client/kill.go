package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Kill signals a process, or all of the container's.
func (s *Shim) Kill(ctx context.Context, req *task.KillRequest) error {
	_, err := s.tasks.Kill(ctx, req)
	return s.failed(err)
}
