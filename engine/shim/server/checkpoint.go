package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/types"
)

func (s *service) Checkpoint(ctx context.Context, r *task.CheckpointTaskRequest) (*emptypb.Empty, error) {
	opts := &options.CheckpointOptions{}
	if len(r.GetOptions().GetValue()) > 0 {
		if err := typeurl.UnmarshalTo(r.Options, opts); err != nil {
			return nil, errdefs.Invalid("checkpoint options: %w", err)
		}
	}
	return &emptypb.Empty{}, s.task.Checkpoint(ctx, r.ID, types.Checkpoint{Dir: r.Path, Options: opts})
}
