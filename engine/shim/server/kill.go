package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/callroute/callroute/engine/shim/types"
)

func (s *service) Kill(ctx context.Context, r *task.KillRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, s.task.Kill(ctx, r.ID, r.ExecID, int(r.Signal), types.KillScope(r.All))
}
