package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Exec prepares another process in the container, which waits for Start.
func (s *Shim) Exec(ctx context.Context, req *task.ExecProcessRequest) error {
	_, err := s.tasks.Exec(ctx, req)
	return s.failed(err)
}
