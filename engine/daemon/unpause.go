package daemon

import (
	"context"
	"syscall"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// Unpause thaws a paused container.
func (d *stopper) Unpause(ctx context.Context, name string) error {
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

// thaw lets a frozen container hear of a signal. SIGKILL may have ended it by
// now.
func (d *stopper) thaw(ctx context.Context, c *ours.Container, sent syscall.Signal) error {
	err := d.unpause(ctx, c)
	if sent == syscall.SIGKILL {
		quiet(err)
		return nil
	}
	return err
}

// unpause thaws a container.
func (d *stopper) unpause(ctx context.Context, c *ours.Container) error {
	if err := d.Containerd.Unpause(ctx, c.ID); err != nil {
		return errdefs.Internal("cannot unpause container %s: %w", c.ID, err)
	}
	d.change(c, func(r *ours.Record) {
		if r.State.Status == container.StatePaused { // its end may have been faster
			r.State.Status = container.StateRunning
		}
	})
	d.tell(events.ActionUnPause, c.Snapshot(), nil)
	return nil
}
