package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Wait blocks until a process ends.
func (s *Shim) Wait(ctx context.Context, req *task.WaitRequest) (*task.WaitResponse, error) {
	resp, err := s.tasks.Wait(ctx, req)
	if err != nil {
		return nil, s.failed(err)
	}
	return resp, nil
}
