package client

import (
	"context"
	"errors"

	task "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/ttrpc"
)

// Shutdown ends the shim, unless it still has a container. A shim that is gone
// before it has answered did what was asked.
func (s *Shim) Shutdown(ctx context.Context, req *task.ShutdownRequest) error {
	_, err := s.tasks.Shutdown(ctx, req)
	if errors.Is(err, ttrpc.ErrClosed) {
		return nil
	}
	return s.failed(err)
}
