package server

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Kill signals a process, or all of a container's.
func (s *service) Kill(ctx context.Context, r *tasks.KillRequest) (*emptypb.Empty, error) {
	if err := s.core.Kill(ctx, &taskv3.KillRequest{ID: r.ContainerID, ExecID: r.ExecID, Signal: r.Signal, All: r.All}); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}
