package task

import (
	"context"

	"github.com/containerd/containerd/api/services/introspection/v1"
	"github.com/containerd/containerd/api/types"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// Info asks a runtime what it is and can do: the shim answers, and asks the
// program that it would run.
func (t *Tasks) Info(ctx context.Context, r *introspection.PluginInfoRequest) (*introspection.PluginInfoResponse, error) {
	if r.Type != "io.containerd.runtime.v2" || r.ID != "task" {
		return nil, errdefs.NotImplemented("no information about %s.%s", r.Type, r.ID)
	}
	var request types.RuntimeRequest
	if r.Options != nil {
		// By its bytes: clients name the type with or without a host before it.
		if err := proto.Unmarshal(r.Options.Value, &request); err != nil {
			return nil, errdefs.Invalid("options: %w", err)
		}
	}
	binary, err := maker{t}.shimBinary(request.RuntimePath)
	if err != nil {
		return nil, err
	}
	info, err := t.Shims.Info(ctx, binary, request.Options)
	if err != nil {
		return nil, err
	}
	extra, err := anypb.New(info)
	if err != nil {
		return nil, err
	}
	return &introspection.PluginInfoResponse{Plugin: &introspection.Plugin{Type: r.Type, ID: r.ID}, Extra: extra}, nil
}
