package server

import (
	"context"
	"math"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/callroute/callroute/engine/errdefs"
)

func (s *service) ResizePty(ctx context.Context, r *task.ResizePtyRequest) (*emptypb.Empty, error) {
	if r.Width > math.MaxUint16 || r.Height > math.MaxUint16 {
		return nil, errdefs.Invalid("terminal of %d by %d", r.Width, r.Height)
	}
	return &emptypb.Empty{}, s.task.ResizePty(ctx, r.ID, r.ExecID, uint16(r.Width), uint16(r.Height))
}
