package server

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// Wait blocks until a process ends.
func (s *service) Wait(ctx context.Context, r *tasks.WaitRequest) (*tasks.WaitResponse, error) {
	exit, err := s.core.Wait(ctx, r.ContainerID, r.ExecID)
	if err != nil {
		return nil, err
	}
	return &tasks.WaitResponse{ExitStatus: exit.ExitStatus, ExitedAt: exit.ExitedAt}, nil
}
