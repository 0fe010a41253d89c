package server

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"google.golang.org/protobuf/types/known/emptypb"
)

// CloseIO ends a process's standard input.
func (s *service) CloseIO(ctx context.Context, r *tasks.CloseIORequest) (*emptypb.Empty, error) {
	if err := s.core.CloseIO(ctx, &taskv3.CloseIORequest{ID: r.ContainerID, ExecID: r.ExecID, Stdin: r.Stdin}); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}
