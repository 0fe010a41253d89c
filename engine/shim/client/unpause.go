package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Resume thaws the container.
func (s *Shim) Resume(ctx context.Context, req *task.ResumeRequest) error {
	_, err := s.tasks.Resume(ctx, req)
	return s.failed(err)
}
