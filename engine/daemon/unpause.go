package daemon

import (
	"context"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// Unpause thaws a paused container.
func (d *Daemon) Unpause(ctx context.Context, name string) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return err
	}
	defer done()
	if c.Snapshot().State.Status != container.StatePaused {
		return errdefs.Conflict("container %s is not paused", c.ID)
	}
	return d.unpause(ctx, c)
}

// unpause thaws a container under Operate.
func (d *Daemon) unpause(ctx context.Context, c *ours.Container) error {
	if err := d.Containerd.Unpause(ctx, c.ID); err != nil {
		return errdefs.Internal("cannot unpause container %s: %w", c.ID, err)
	}
	d.change(c, func(r *ours.Record) { r.State.Status = container.StateRunning })
	d.tell(events.ActionUnPause, c.Snapshot(), nil)
	return nil
}
