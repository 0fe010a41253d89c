package daemon

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	api "github.com/moby/moby/api/types/network"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/network"
	"github.com/callroute/callroute/engine/errdefs"
)

// Connections are the places of containers in networks. One that does not run
// has none, but it is known where it is going to be: in its record's Endpoints,
// by the networks' names.
type Connections struct{ *core }

// Connect puts a container into one more network, now if it runs, else when it
// does.
func (d *Connections) Connect(ctx context.Context, name string, req api.ConnectRequest) error {
	c, err := d.containers.Get(req.Container)
	if err != nil {
		return err
	}
	n, err := d.Network.Named(name)
	if err != nil {
		return err
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return err
	}
	defer done()
	settings := &api.EndpointSettings{}
	if req.EndpointConfig != nil {
		settings = req.EndpointConfig.Copy()
	}
	settings.NetworkID = n.ID
	r := c.Snapshot()
	if err := connectable(r, n.Name); err != nil {
		return err
	}
	if err := refuseEndpoint(n.Name, settings); err != nil {
		return err
	}
	place, err := d.attachment(n.Name, settings)
	if err != nil {
		return err
	}
	now := r.Network
	if r.State.Running() {
		e, err := d.Network.Connect(ctx, c.ID, place)
		if err != nil {
			return err
		}
		now = e.Settings
	} else if _, err := d.Network.Check(network.JoinRequest{Mode: container.NetworkMode(n.Name), Networks: []network.Attachment{place}}); err != nil {
		return err
	}
	d.change(c, func(r *ours.Record) {
		r.Endpoints = maps.Clone(r.Endpoints)
		r.Endpoints[n.Name] = settings
		r.Network = now
	})
	d.tellNetwork(events.ActionConnect, c.ID, n)
	return nil
}

// connectable says why a container cannot be in one more network.
func connectable(r ours.Record, name string) error {
	mode := r.HostConfig.NetworkMode
	switch {
	case mode.IsContainer():
		return errdefs.Invalid("container sharing network namespace with another container or host cannot be connected to any other network")
	case mode.IsHost():
		return errdefs.Forbidden("container sharing network namespace with another container or host cannot be connected to any other network")
	case mode.IsNone() || r.Config.NetworkDisabled:
		return errdefs.Forbidden("container cannot be connected to multiple networks with one of the networks in private (none) mode")
	case !r.State.Running() && r.Endpoints[name] != nil:
		return errdefs.Forbidden("endpoint with name %s already exists in network %s", r.Name, name)
	}
	return nil
}

// tellNetwork says that a container came into a network or left it.
func (d *core) tellNetwork(action events.Action, containerID string, n api.Network) {
	d.EventLog.Add(events.NetworkEventType, action, n.ID, map[string]string{"container": containerID, "name": n.Name, "type": n.Driver})
}

// tellNetworks says so of all networks that a container is in while it runs.
func (d *core) tellNetworks(action events.Action, r ours.Record) {
	if r.Network == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(r.Network.Networks)) {
		if n, err := d.Network.Named(name); err == nil {
			d.tellNetwork(action, r.ID, n)
		}
	}
}

// endpointsOf is where a container is going to be: in the networks that are asked
// for, and in the one of its mode. A network that is not there keeps the name it
// was given, and is refused later.
func (d *core) endpointsOf(r ours.Record, asked *api.NetworkingConfig) map[string]*api.EndpointSettings {
	all := map[string]*api.EndpointSettings{}
	add := func(name string, e *api.EndpointSettings) {
		if name == api.NetworkDefault {
			name = api.NetworkBridge
		}
		settings := &api.EndpointSettings{}
		if e != nil {
			settings = e.Copy()
		}
		if n, err := d.Network.Named(name); err == nil {
			name, settings.NetworkID = n.Name, n.ID
		}
		if e != nil || all[name] == nil {
			all[name] = settings
		}
	}
	if asked != nil {
		for name, e := range asked.EndpointsConfig {
			add(name, e)
		}
	}
	if bridged(r) {
		add(string(r.HostConfig.NetworkMode), nil)
	}
	return all
}

// networkNames are the networks with a bridge that a container is in: the one that it
// was made with is the first, the others come by their names.
func networkNames(r ours.Record) []string {
	names := slices.Sorted(maps.Keys(r.Endpoints))
	first := slices.IndexFunc(names, func(name string) bool {
		mode := string(r.HostConfig.NetworkMode)
		return name == mode || mode != "" && strings.HasPrefix(r.Endpoints[name].NetworkID, mode)
	})
	if first > 0 {
		name := names[first]
		names = slices.Insert(slices.Delete(names, first, first+1), 0, name)
	}
	return names
}

// bridged reports whether a container is in networks with a bridge.
func bridged(r ours.Record) bool {
	mode := r.HostConfig.NetworkMode
	return !r.Config.NetworkDisabled && !mode.IsNone() && !mode.IsHost() && !mode.IsContainer()
}

// attachment is what a container asks of a network.
func (d *core) attachment(name string, e *api.EndpointSettings) (network.Attachment, error) {
	a := network.Attachment{Network: name}
	if e == nil {
		return a, nil
	}
	a.Aliases, a.MacAddress, a.Priority = e.Aliases, e.MacAddress, e.GwPriority
	if e.IPAMConfig != nil {
		a.Address = e.IPAMConfig.IPv4Address
	}
	for _, text := range e.Links {
		name, alias, ok := strings.Cut(text, ":")
		if !ok {
			alias = name
		}
		to, err := d.containers.Get(name)
		if err != nil {
			return a, errdefs.Invalid("could not get container for %s: %w", name, err)
		}
		a.Links = append(a.Links, network.Link{ContainerID: to.ID, Names: []string{alias}})
	}
	return a, nil
}

// joinRequest is what a container asks of its networks.
func (d *core) joinRequest(r ours.Record) (network.JoinRequest, error) {
	h := r.HostConfig
	req := network.JoinRequest{
		ContainerID: r.ID, Name: r.Name, Dir: d.containers.Dir(r.ID), Mode: h.NetworkMode,
		Hostname: r.Config.Hostname, Domainname: r.Config.Domainname,
		ExposedPorts: r.Config.ExposedPorts, PortBindings: h.PortBindings, PublishAll: h.PublishAllPorts,
		DNS: h.DNS, DNSOptions: h.DNSOptions, DNSSearch: h.DNSSearch, ExtraHosts: h.ExtraHosts,
	}
	if r.Config.NetworkDisabled {
		req.Mode = "none"
	}
	req.Networks = []network.Attachment{}
	links, err := d.linked(r)
	if err != nil {
		return req, err
	}
	for i, name := range networkNames(r) {
		a, err := d.attachment(name, r.Endpoints[name])
		if err != nil {
			return req, err
		}
		if i == 0 && h.NetworkMode.IsUserDefined() {
			a.Links, links = append(a.Links, links...), nil // docker knows these on its own bridge only
		}
		req.Networks = append(req.Networks, a)
	}
	req.Links = links
	return req, nil
}
