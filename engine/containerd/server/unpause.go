package server

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Resume thaws a container.
func (s *service) Resume(ctx context.Context, r *tasks.ResumeTaskRequest) (*emptypb.Empty, error) {
	if err := s.core.Resume(ctx, r.ContainerID); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}
