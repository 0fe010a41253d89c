package daemon

import (
	"context"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
)

// Restart stops a container, if it runs, and starts it.
func (d *stopper) Restart(ctx context.Context, name string, o types.StopOptions) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	d.checkpoints.callOff(c.ID)
	done, err := c.Operate(ctx)
	if err != nil {
		return err
	}
	defer done()
	if r := c.Snapshot(); r.State.Running() || r.State.Status == container.StateRestarting {
		keep := r.HostConfig.AutoRemove
		if keep {
			// Its end is not the end of it this time.
			d.setAutoRemove(c, false)
		}
		err := d.stop(ctx, c, o)
		if keep {
			d.setAutoRemove(c, true)
		}
		if err != nil {
			return err
		}
	}
	d.change(c, func(r *ours.Record) { r.WantStopped, r.Restarts, r.Delay = false, 0, 0 })
	if err := d.start(ctx, c, ""); err != nil {
		return err
	}
	d.tell(events.ActionRestart, c.Snapshot(), nil)
	return nil
}

func (d *stopper) setAutoRemove(c *ours.Container, on bool) {
	d.change(c, func(r *ours.Record) {
		h := *r.HostConfig
		h.AutoRemove = on
		r.HostConfig = &h
	})
}
