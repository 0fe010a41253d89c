package daemon

import (
	"context"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// Pause freezes a container's processes.
func (d *stopper) Pause(ctx context.Context, name string) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return err
	}
	defer done()
	switch state := c.Snapshot().State; {
	case state.Status == container.StatePaused:
		return errdefs.Conflict("container %s is already paused", c.ID)
	case state.Status == container.StateRestarting:
		return errdefs.Conflict("container %s is restarting, wait until the container is running", c.ID)
	case !state.Running():
		return errdefs.Conflict("container %s is not running", c.ID)
	}
	if err := d.Containerd.Pause(ctx, c.ID); err != nil {
		return errdefs.Internal("cannot pause container %s: %w", c.ID, err)
	}
	d.change(c, func(r *ours.Record) {
		if r.State.Status == container.StateRunning { // its end may have been faster
			r.State.Status = container.StatePaused
		}
	})
	d.tell(events.ActionPause, c.Snapshot(), nil)
	return nil
}
