package daemon

import (
	"context"
	"time"

	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Resize sets the size of a container's terminal.
func (d *console) Resize(ctx context.Context, name string, o types.ResizeOptions) error {
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

// startTime is how long an exec that is to be resized may take to start.
const startTime = 10 * time.Second

// Resize sets the size of an exec's terminal.
func (x *Execs) Resize(ctx context.Context, execID string, o types.ResizeOptions) error {
	e, err := x.find(execID)
	if err != nil {
		return err
	}
	// Clients ask for it right after the start, which takes a moment.
	select {
	case <-e.begun:
	case <-time.After(startTime):
	case <-ctx.Done():
		return ctx.Err()
	}
	e.mu.Lock()
	running := e.running
	e.mu.Unlock()
	if !running {
		return errdefs.Conflict("exec %s is not running", execID)
	}
	return x.Containerd.ResizePTY(ctx, e.container.ID, e.id, uint32(o.Width), uint32(o.Height))
}
