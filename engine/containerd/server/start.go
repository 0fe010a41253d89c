package server

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// Start starts a created process.
func (s *service) Start(ctx context.Context, r *tasks.StartRequest) (*tasks.StartResponse, error) {
	pid, err := s.core.Start(ctx, r.ContainerID, r.ExecID)
	if err != nil {
		return nil, err
	}
	return &tasks.StartResponse{Pid: pid}, nil
}
