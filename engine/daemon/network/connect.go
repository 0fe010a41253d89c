package network

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/errdefs"
)

// Named is a network by its name, its ID or a prefix of that.
func (c *Controller) Named(name string) (network.Network, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.find(name)
}

// Connect puts a container that has joined into one more network. On an error
// it is where it was.
func (c *Controller) Connect(ctx context.Context, containerID string, a Attachment) (*Endpoint, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := (&Networks{c.state}).check(a); err != nil {
		return nil, err
	}
	if a.Address.IsValid() {
		c.removals.Wait() // it may be the one that the container has just left
	}
	e, place, err := c.reserveMore(containerID, a)
	if err != nil {
		return nil, err
	}
	if err := c.extend(e, place); err != nil {
		_, undo := c.Disconnect(context.WithoutCancel(ctx), containerID, place.Network)
		return nil, errors.Join(err, undo)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answer(e), nil
}

// reserveMore writes down one more place of an endpoint.
func (c *Controller) reserveMore(containerID string, a Attachment) (*endpoint, attachment, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.endpoints[containerID]
	switch {
	case e == nil:
		return nil, attachment{}, errdefs.Conflict("container %s is not running", containerID)
	case e.Mode == modeContainer:
		return nil, attachment{}, errdefs.Invalid("container sharing network namespace with another container or host cannot be connected to any other network")
	case e.Mode == modeHost:
		return nil, attachment{}, errdefs.Invalid("cannot connect container %s: it is in the host's network", e.Name)
	case e.Mode == modeNone:
		return nil, attachment{}, errdefs.Invalid("container cannot be connected to multiple networks with one of the networks in private (none) mode")
	}
	r := e.record
	r.Attached = append([]attachment(nil), e.Attached...)
	if err := c.reserveIn(&r, a); err != nil {
		return nil, attachment{}, err
	}
	if err := c.records.write(r); err != nil {
		return nil, attachment{}, err
	}
	e.record = r
	return e, r.Attached[len(r.Attached)-1], nil
}

// extend makes one more place of an endpoint.
func (c *Controller) extend(e *endpoint, place attachment) error {
	s, err := openSandbox(e.Sandbox)
	if err != nil {
		return fmt.Errorf("network: sandbox: %w", err)
	}
	defer s.close()
	if err := c.plug(s, place); err != nil {
		return err
	}
	if err := c.reroute(s, e); err != nil {
		return err
	}
	if err := addHost(e.Files.Hosts, place.Address.Addr(), e.Hostname); err != nil {
		return err
	}
	return c.nameOthers(s, e)
}

// reroute leads the way out through what is the gateway now, and the published
// ports in there.
func (c *Controller) reroute(s *sandbox, e *endpoint) error {
	c.mu.Lock()
	r := e.record
	by := r.gateway()
	if len(r.Ports) == 0 {
		if err := (publisher{c.state}).publish(e); err != nil {
			c.mu.Unlock()
			return err
		}
		if err := c.records.write(e.record); err != nil {
			c.mu.Unlock()
			return err
		}
		r = e.record
	}
	c.mu.Unlock()
	c.translatePorts(r)
	return s.route(by)
}
