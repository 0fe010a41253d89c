package server

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Pause freezes a container.
func (s *service) Pause(ctx context.Context, r *tasks.PauseTaskRequest) (*emptypb.Empty, error) {
	if err := s.core.Pause(ctx, r.ContainerID); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}
