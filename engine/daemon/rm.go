package daemon

import (
	"context"
	"errors"
	"syscall"

	"github.com/containerd/log"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// Remove removes a container, with force one that runs.
func (d *stopper) Remove(ctx context.Context, name string, o types.RemoveOptions) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	// A container that is being started or stopped can be removed by force:
	// its end lets the other go on.
	if o.Force {
		if err := d.endByForce(ctx, c, name); err != nil {
			return err
		}
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return err
	}
	defer done()
	if o.Force { // its restart policy may have been faster
		if err := d.endByForce(ctx, c, name); err != nil {
			return err
		}
	}
	switch r := c.Snapshot(); {
	case r.State.Status == container.StateRemoving:
		return errdefs.Conflict("removal of container %s is already in progress", name)
	case r.State.Status == container.StatePaused:
		return errdefs.Conflict("cannot remove container %q: container is paused and must be unpaused first", name)
	case r.State.Running():
		return errdefs.Conflict("cannot remove container %q: container is running: stop the container before removing or force remove", name)
	case r.State.Status == container.StateRestarting && !o.Force:
		return errdefs.Conflict("cannot remove container %q: container is restarting: stop the container before removing or force remove", name)
	}
	if _, err := d.containers.Get(c.ID); err != nil {
		return errdefs.NotFound("No such container: %s", name) // --rm was faster
	}
	return d.remove(ctx, c, o)
}

// endByForce kills a container that runs, and waits for its end.
func (d *stopper) endByForce(ctx context.Context, c *ours.Container, name string) error {
	r := c.Snapshot()
	if !r.State.Running() {
		return nil
	}
	d.checkpoints.callOff(c.ID)
	d.change(c, func(r *ours.Record) { r.WantStopped = true })
	if err := d.signal(ctx, c, syscall.SIGKILL); err != nil {
		return errdefs.Internal("cannot remove container %q: could not kill: %w", name, err)
	}
	if r.State.Status == container.StatePaused {
		quiet(d.thaw(ctx, c, syscall.SIGKILL))
	}
	if run := running(c); run != nil && !awaitEnd(ctx, run, defaultStopTimeout) {
		return errdefs.Internal("cannot remove container %q: could not kill: container does not end", name)
	}
	return nil
}

// remove removes a container under Operate. What cannot be removed leaves it
// dead, to be removed again.
func (d *runner) remove(ctx context.Context, c *ours.Container, o types.RemoveOptions) error {
	d.change(c, func(r *ours.Record) { r.State.Status = container.StateRemoving; r.WantStopped = true })
	r := c.Snapshot()
	if run := running(c); run != nil {
		// Clients that joined a container which was never started.
		quiet(run.streams.Close())
		setRun(c, nil)
	}
	// Its end has removed its task, unless that failed.
	err := d.removeTask(ctx, c.ID)
	if err == nil {
		err = d.Images.Release(ctx, c.ID)
	}
	if err != nil {
		d.change(c, func(r *ours.Record) { r.State.Status, r.State.Error = container.StateDead, err.Error() })
		return errdefs.Internal("container %s: driver failed to remove root filesystem: %w", c.ID, err)
	}
	d.Volumes.ReleaseAll(c.ID)
	if o.Volumes {
		for _, m := range r.Mounts {
			if !m.Anonymous {
				continue
			}
			if err := d.Volumes.Remove(ctx, m.Name, false); err != nil {
				log.G(ctx).WithError(err).Debugf("volume of container %s stays", c.ID)
			}
		}
	}
	d.containers.Delete(c)
	err = errors.Join(d.Network.Leave(ctx, c.ID), c.Remove(func() { d.states.remove(c.ID) }))
	d.tell(events.ActionDestroy, r, nil)
	return err
}
