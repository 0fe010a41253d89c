package server

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"google.golang.org/protobuf/types/known/emptypb"
)

// ResizePty sets the size of a process's terminal.
func (s *service) ResizePty(ctx context.Context, r *tasks.ResizePtyRequest) (*emptypb.Empty, error) {
	if err := s.core.ResizePty(ctx, &taskv3.ResizePtyRequest{ID: r.ContainerID, ExecID: r.ExecID, Width: r.Width, Height: r.Height}); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}
