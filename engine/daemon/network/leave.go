package network

import (
	"context"
	"errors"
)

// Leave removes a container's network. One that has none is no error. When it
// fails, what is left is removed by the next Leave or Restore.
func (c *Controller) Leave(_ context.Context, containerID string) error {
	c.mu.Lock()
	e := c.endpoints[containerID]
	if e == nil {
		c.mu.Unlock()
		return nil
	}
	// Nobody else gets the address and the ports before all is gone.
	proxies := e.proxies
	e.proxies = nil
	c.mu.Unlock()
	closeProxies(proxies)
	if err := c.dismantle(e.record); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.removeRecord(containerID); err != nil {
		return err
	}
	delete(c.endpoints, containerID)
	if c.bridge != nil {
		c.translatePorts(e)
	}
	return nil
}

// dismantle removes what an endpoint's record says, as far as it was made.
func (c *Controller) dismantle(r record) error {
	var errs []error
	if r.Link != "" {
		errs = append(errs, removeLink(r.Link))
	}
	if r.Sandbox != "" && r.Mode != modeContainer {
		errs = append(errs, removeSandbox(r.Sandbox))
	}
	return errors.Join(errs...)
}

