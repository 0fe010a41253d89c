package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Checkpoint dumps the container's processes into a folder.
func (s *Shim) Checkpoint(ctx context.Context, req *task.CheckpointTaskRequest) error {
	_, err := s.tasks.Checkpoint(ctx, req)
	return s.failed(err)
}
