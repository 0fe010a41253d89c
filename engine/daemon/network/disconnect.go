package network

import (
	"context"
	"net/netip"
	"slices"

	"github.com/callroute/callroute/engine/errdefs"
)

// Disconnect takes a container out of a network; it stays in the others.
func (c *Controller) Disconnect(_ context.Context, containerID, name string) (*Endpoint, error) {
	e, gone, err := c.forget(containerID, name)
	if err != nil {
		return nil, err
	}
	c.removals.Go(func() {
		// What fails stays in the record for the next Restore.
		_ = c.unplug(gone)
	})
	if err := removeHost(e.Files.Hosts, gone.Attached[0].Address.Addr()); err != nil {
		return nil, err
	}
	// The kernel may take the device away later; what leads through it must not
	// wait for that.
	s, err := openSandbox(e.Sandbox)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := c.reroute(s, e); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answer(e), nil
}

// forget writes down that an endpoint has one place less, and what has to be
// removed of that.
func (c *Controller) forget(containerID, name string) (e *endpoint, gone record, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := c.find(name)
	if err != nil {
		return nil, record{}, err
	}
	e = c.endpoints[containerID]
	if e == nil || e.in(n.ID) == nil {
		return nil, record{}, errdefs.Forbidden("container %s is not connected to network %s", containerID, n.Name)
	}
	place := *e.in(n.ID)
	gone = record{ContainerID: containerID, EndpointID: place.EndpointID, Mode: modeBridge, Attached: []attachment{place}}
	r := e.record
	r.Attached = slices.DeleteFunc(slices.Clone(r.Attached), func(a attachment) bool { return a.Network == n.ID })
	if r.Target == place.Address.Addr() {
		closeProxies(e.proxies)
		e.proxies = nil
		gone.Ports, gone.Target = r.Ports, r.Target
		r.Ports, r.Target = nil, netip.Addr{}
	}
	if err := c.records.writeAs(gone, leavingSuffix); err != nil {
		return nil, record{}, err
	}
	c.leaving[gone.EndpointID] = gone
	if err := c.records.write(r); err != nil {
		return nil, record{}, err
	}
	e.record = r
	return e, gone, nil
}
