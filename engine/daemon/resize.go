package daemon

import (
	"context"

	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Resize sets the size of a container's terminal.
func (d *Daemon) Resize(ctx context.Context, name string, o types.ResizeOptions) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	r, err := settled(ctx, c)
	if err != nil {
		return err
	}
	if !r.State.Running() {
		return errdefs.Conflict("container %s is not running", c.ID)
	}
	if err := d.Containerd.ResizePTY(ctx, c.ID, "", uint32(o.Width), uint32(o.Height)); err != nil {
		return err
	}
	d.tell(events.ActionResize, r, nil)
	return nil
}
