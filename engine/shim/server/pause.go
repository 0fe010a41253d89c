package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"google.golang.org/protobuf/types/known/emptypb"
)

func (s *service) Pause(ctx context.Context, r *task.PauseRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, s.task.Pause(ctx, r.ID)
}
