package server

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Update changes the limits of a container.
func (s *service) Update(ctx context.Context, r *tasks.UpdateTaskRequest) (*emptypb.Empty, error) {
	if err := s.core.Update(ctx, &taskv3.UpdateTaskRequest{ID: r.ContainerID, Resources: r.Resources, Annotations: r.Annotations}); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}
