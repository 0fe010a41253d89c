package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Stats reads the container's cgroup.
func (s *Shim) Stats(ctx context.Context, req *task.StatsRequest) (*task.StatsResponse, error) {
	resp, err := s.tasks.Stats(ctx, req)
	if err != nil {
		return nil, s.failed(err)
	}
	return resp, nil
}
