package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// CloseIO ends a process's standard input.
func (s *Shim) CloseIO(ctx context.Context, req *task.CloseIORequest) error {
	_, err := s.tasks.CloseIO(ctx, req)
	return s.failed(err)
}
