package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Pause freezes the container.
func (s *Shim) Pause(ctx context.Context, req *task.PauseRequest) error {
	_, err := s.tasks.Pause(ctx, req)
	return s.failed(err)
}
