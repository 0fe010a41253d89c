package network

import (
	"context"
	"fmt"
	"slices"

	"github.com/moby/moby/api/types/network"
	"github.com/vishvananda/netlink"
)

// Leave removes a container's network. One that has none is no error. When it
// fails, what is left is removed by the next Leave or Restore.
//
// The kernel takes tens of milliseconds to change rules and as many to let go
// of a device. Leave does not wait for that, but nobody gets the address
// before; Close waits.
func (c *Controller) Leave(_ context.Context, containerID string) error {
	c.mu.Lock()
	e := c.endpoints[containerID]
	if e == nil {
		c.mu.Unlock()
		return nil
	}
	proxies, names := e.proxies, e.nameServer
	e.proxies, e.nameServer = nil, nil
	c.mu.Unlock()
	closeProxies(proxies)
	names.close()
	if e.Sandbox != "" && e.Mode != modeContainer {
		if err := removeSandbox(e.Sandbox); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(e.Attached) == 0 {
		if err := c.records.remove(e.record, recordSuffix); err != nil {
			return err
		}
		delete(c.endpoints, containerID)
		return nil
	}
	if err := c.records.leave(e.record); err != nil {
		return err
	}
	delete(c.endpoints, containerID)
	c.leaving[e.EndpointID] = e.record
	r := e.record
	c.removals.Go(func() {
		// What fails stays in the record for the next Restore.
		_ = c.unplug(r)
	})
	return nil
}

// unplug removes the rules and the devices of an endpoint that has left.
func (s *state) unplug(r record) error {
	s.translatePorts(r)
	for _, a := range r.Attached {
		if err := removeLink(a.Link); err != nil {
			return err
		}
	}
	// A kernel that cannot be asked has none of these connections, or they
	// end when their clients are silent for a while.
	_ = forgetConnections(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.records.remove(r, leavingSuffix); err != nil {
		return err
	}
	delete(s.leaving, r.EndpointID)
	return nil
}

// forgetConnections makes the kernel forget which UDP clients it had led to
// the container: while they keep sending, it would lead them to its address
// for ever. A TCP connection ends by itself.
func forgetConnections(r record) error {
	udp := func(p publishedPort) bool { return p.Port.Proto() == network.UDP }
	if !forwarding() || !slices.ContainsFunc(r.Ports, udp) {
		return nil
	}
	filter := &netlink.ConntrackFilter{}
	if err := filter.AddIP(netlink.ConntrackReplySrcIP, r.Target.AsSlice()); err != nil {
		return err
	}
	if _, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, netlink.FAMILY_V4, filter); err != nil {
		return fmt.Errorf("network: forget connections of %s: %w", r.Target, err)
	}
	return nil
}
