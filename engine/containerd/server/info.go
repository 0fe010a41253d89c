package server

import (
	"context"
	"os"

	"github.com/containerd/containerd/api/services/introspection/v1"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Runtime tells about the runtime that containers of this engine use.
type Runtime interface {
	// Info asks the shim and the runtime what they are.
	Info(ctx context.Context, r *introspection.PluginInfoRequest) (*introspection.PluginInfoResponse, error)
}

// about answers questions about containerd itself.
type about struct {
	introspection.UnimplementedIntrospectionServer
	runtime Runtime
	uuid    string
}

// Plugins names what clients look for: the snapshotter and the runtime.
func (a *about) Plugins(context.Context, *introspection.PluginsRequest) (*introspection.PluginsResponse, error) {
	return &introspection.PluginsResponse{Plugins: []*introspection.Plugin{
		{Type: "io.containerd.snapshotter.v1", ID: "overlayfs"},
		{Type: "io.containerd.content.v1", ID: "content"},
		{Type: "io.containerd.runtime.v2", ID: "task"},
	}}, nil
}

// Server tells who answers.
func (a *about) Server(context.Context, *emptypb.Empty) (*introspection.ServerResponse, error) {
	return &introspection.ServerResponse{UUID: a.uuid, Pid: uint64(os.Getpid())}, nil
}

// PluginInfo tells what the runtime can do.
func (a *about) PluginInfo(ctx context.Context, r *introspection.PluginInfoRequest) (*introspection.PluginInfoResponse, error) {
	info, err := a.runtime.Info(ctx, r)
	return info, failed(err)
}
