package network

import (
	"context"
	"errors"
	"os"
)

// Leave removes a container's network. One that has none is no error. When it
// fails, what is left is removed by the next Leave or Restore.
//
// The kernel takes tens of milliseconds to let go of a device. Leave does not
// wait for that, but nobody gets the address before; Close waits.
func (c *Controller) Leave(_ context.Context, containerID string) error {
	c.mu.Lock()
	e := c.endpoints[containerID]
	if e == nil {
		c.mu.Unlock()
		return nil
	}
	proxies := e.proxies
	e.proxies = nil
	c.mu.Unlock()
	closeProxies(proxies)
	if e.Sandbox != "" && e.Mode != modeContainer {
		if err := removeSandbox(e.Sandbox); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Link == "" {
		if err := c.removeRecord(e.record, recordSuffix); err != nil {
			return err
		}
		delete(c.endpoints, containerID)
		return nil
	}
	if err := os.Rename(c.recordPath(e.record, recordSuffix), c.recordPath(e.record, leavingSuffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	delete(c.endpoints, containerID)
	if c.bridge != nil {
		c.translatePorts(e)
	}
	c.leaving[e.EndpointID] = e.record
	r := e.record
	c.removals.Go(func() {
		// What fails stays in the record for the next Restore.
		_ = c.unplug(r)
	})
	return nil
}

// unplug removes the device of an endpoint that has left.
func (c *Controller) unplug(r record) error {
	if err := removeLink(r.Link); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.removeRecord(r, leavingSuffix); err != nil {
		return err
	}
	delete(c.leaving, r.EndpointID)
	return nil
}
