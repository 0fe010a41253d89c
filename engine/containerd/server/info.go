package server

import (
	"context"
	"os"
	"syscall"

	"github.com/containerd/containerd/api/services/introspection/v1"
	versionapi "github.com/containerd/containerd/api/services/version/v1"
	"github.com/containerd/containerd/v2/pkg/filters"
	containerd "github.com/containerd/containerd/v2/version"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// about answers questions about containerd itself.
type about struct {
	introspection.UnimplementedIntrospectionServer
	core    Tasks
	uuid    string
	plugins []*introspection.Plugin
}

// Plugins names what is built in, as containerd names its plugins: those that
// match any of the filters, or all.
func (a *about) Plugins(_ context.Context, r *introspection.PluginsRequest) (*introspection.PluginsResponse, error) {
	filter, err := filters.ParseAll(r.Filters...)
	if err != nil {
		return nil, errdefs.Invalid("%w", err)
	}
	resp := &introspection.PluginsResponse{}
	for _, p := range a.plugins {
		if filter.Match(pluginFields(p)) {
			resp.Plugins = append(resp.Plugins, p)
		}
	}
	return resp, nil
}

func pluginFields(p *introspection.Plugin) filters.Adaptor {
	return filters.AdapterFunc(func(path []string) (string, bool) {
		switch {
		case len(path) == 0:
			return "", false
		case path[0] == "type":
			return p.Type, true
		case path[0] == "id":
			return p.ID, true
		}
		return "", false
	})
}

// Server tells who answers.
func (a *about) Server(context.Context, *emptypb.Empty) (*introspection.ServerResponse, error) {
	resp := &introspection.ServerResponse{UUID: a.uuid, Pid: uint64(os.Getpid())}
	var ns syscall.Stat_t
	if err := syscall.Stat("/proc/self/ns/pid", &ns); err != nil {
		return nil, err
	}
	resp.Pidns = ns.Ino
	return resp, nil
}

// PluginInfo tells what a runtime is and can do.
func (a *about) PluginInfo(ctx context.Context, r *introspection.PluginInfoRequest) (*introspection.PluginInfoResponse, error) {
	return a.core.Info(ctx, r)
}

// version says which containerd's API this is.
type version struct {
	versionapi.UnimplementedVersionServer
}

// Version is that of containerd's libraries: clients choose by it what to ask.
func (*version) Version(context.Context, *emptypb.Empty) (*versionapi.VersionResponse, error) {
	return &versionapi.VersionResponse{Version: containerd.Version, Revision: containerd.Revision}, nil
}
