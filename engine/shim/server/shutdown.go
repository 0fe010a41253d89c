package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"google.golang.org/protobuf/types/known/emptypb"
)

func (s *service) Shutdown(ctx context.Context, _ *task.ShutdownRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, s.task.Shutdown(ctx)
}
