package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// ResizePty sets the size of a process's terminal.
func (s *Shim) ResizePty(ctx context.Context, req *task.ResizePtyRequest) error {
	_, err := s.tasks.ResizePty(ctx, req)
	return s.failed(err)
}
