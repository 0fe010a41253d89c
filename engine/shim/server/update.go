package server

import (
	"context"
	"encoding/json"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"google.golang.org/protobuf/types/known/emptypb"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Update takes the resources as JSON, under whatever URL: that of OCI's
// resources, which ours extend.
func (s *service) Update(ctx context.Context, r *task.UpdateTaskRequest) (*emptypb.Empty, error) {
	resources := &ctypes.Resources{}
	if err := json.Unmarshal(r.GetResources().GetValue(), resources); err != nil {
		return nil, errdefs.Invalid("resources to update: %w", err)
	}
	return &emptypb.Empty{}, s.task.Update(ctx, r.ID, resources)
}
