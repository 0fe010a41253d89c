package server

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// Create makes a container's task and its first process, which waits for Start.
func (s *service) Create(ctx context.Context, r *tasks.CreateTaskRequest) (*tasks.CreateTaskResponse, error) {
	pid, err := s.core.Create(ctx, r)
	if err != nil {
		return nil, err
	}
	return &tasks.CreateTaskResponse{ContainerID: r.ContainerID, Pid: pid}, nil
}
