package server

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// ListPids lists the processes of a container.
func (s *service) ListPids(ctx context.Context, r *tasks.ListPidsRequest) (*tasks.ListPidsResponse, error) {
	pids, err := s.core.Pids(ctx, r.ContainerID)
	if err != nil {
		return nil, err
	}
	return &tasks.ListPidsResponse{Processes: pids}, nil
}
