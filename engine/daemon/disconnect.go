package daemon

import (
	"context"
	"maps"

	"github.com/moby/moby/api/types/events"
	api "github.com/moby/moby/api/types/network"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// Disconnect takes a container out of a network. By force too there must be
// one: of a container that is gone nothing is left here.
func (d *Connections) Disconnect(ctx context.Context, name string, req api.DisconnectRequest) error {
	n, err := d.Network.Named(name)
	if err != nil {
		return err
	}
	c, err := d.containers.Get(req.Container)
	if err != nil {
		if req.Force {
			return errdefs.NotFound("endpoint %s not found", req.Container)
		}
		return err
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := c.Snapshot()
	if r.HostConfig.NetworkMode.IsHost() {
		return errdefs.Forbidden("container cannot be disconnected from host network or connected to host network")
	}
	now := r.Network
	if r.State.Running() {
		e, err := d.Network.Disconnect(ctx, c.ID, n.Name)
		if err != nil {
			return err
		}
		now = e.Settings
	} else if _, there := r.Endpoints[n.Name]; !there {
		return errdefs.Forbidden("container %s is not connected to the network %s", c.ID, n.Name)
	}
	d.change(c, func(r *ours.Record) {
		r.Endpoints = maps.Clone(r.Endpoints)
		delete(r.Endpoints, n.Name)
		r.Network = now
	})
	d.tellNetwork(events.ActionDisconnect, c.ID, n)
	return nil
}
