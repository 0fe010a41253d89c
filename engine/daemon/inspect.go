package daemon

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/storage"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
)

// Inspect is everything about a container.
func (d *lister) Inspect(ctx context.Context, name string, size bool) (types.Container, error) {
	c, err := d.containers.Get(name)
	if err != nil {
		return types.Container{}, err
	}
	r := c.Snapshot()
	out := types.Container{HostConfig: r.HostConfig, InspectResponse: container.InspectResponse{
		ID: r.ID, Created: r.Created.Format(time.RFC3339Nano), Path: r.Path, Args: r.Args, State: state(r.State), Image: r.Image,
		Name: "/" + r.Name, RestartCount: r.Restarts, Driver: "overlayfs", Platform: "linux", Config: r.Config,
		ExecIDs: d.execs.running(r.ID), Mounts: []container.MountPoint{},
		GraphDriver:     &storage.DriverData{Name: "overlayfs", Data: map[string]string{}},
		NetworkSettings: &container.NetworkSettings{Ports: network.PortMap{}, Networks: map[string]*network.EndpointSettings{}},
		HostnamePath:    filepath.Join(c.Dir, "hostname"), HostsPath: filepath.Join(c.Dir, "hosts"), ResolvConfPath: filepath.Join(c.Dir, "resolv.conf"),
	}}
	if out.Args == nil {
		out.Args = []string{}
	}
	if r.HostConfig.LogConfig.Type == "json-file" {
		out.LogPath = logPath(r, c.Dir)
	}
	for _, m := range r.Mounts {
		out.Mounts = append(out.Mounts, m.MountPoint)
	}
	out.NetworkSettings.Networks = networks(r)
	if r.Network != nil {
		out.NetworkSettings = r.Network
	}
	if size {
		written, all, err := d.sizes(ctx, r)
		if err != nil {
			return types.Container{}, err
		}
		out.SizeRw, out.SizeRootFs = &written, &all
	}
	return out, nil
}

// networks is where a container is, or will be when it runs.
func networks(r ours.Record) map[string]*network.EndpointSettings {
	mode := r.HostConfig.NetworkMode
	switch {
	case r.Network != nil:
		return r.Network.Networks
	case mode.IsNone(), mode.IsHost():
		return map[string]*network.EndpointSettings{string(mode): {}}
	case r.Endpoints == nil:
		return map[string]*network.EndpointSettings{}
	}
	return r.Endpoints
}

func state(s ours.State) *container.State {
	return &container.State{
		Status: s.Status, Running: s.Running() || s.Status == container.StateRestarting, Paused: s.Status == container.StatePaused,
		Restarting: s.Status == container.StateRestarting, OOMKilled: s.OOMKilled, Dead: s.Status == container.StateDead,
		Pid: s.Pid, ExitCode: s.ExitCode, Error: s.Error, Health: s.Health,
		StartedAt: s.StartedAt.Format(time.RFC3339Nano), FinishedAt: s.FinishedAt.Format(time.RFC3339Nano),
	}
}

// matchName reports whether docker's name filter, a regular expression, fits.
func matchName(pattern, name string) bool {
	if strings.TrimPrefix(pattern, "/") == name {
		return true
	}
	re, err := regexp.Compile(pattern)
	return err == nil && (re.MatchString(name) || re.MatchString("/"+name))
}
