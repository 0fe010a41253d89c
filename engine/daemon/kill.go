package daemon

import (
	"context"
	"fmt"
	"syscall"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/sys/signal"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// Kill sends a signal to a container, SIGKILL if none is named. One that a
// person ends so is not started again.
func (d *stopper) Kill(ctx context.Context, name, signalName string) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return fmt.Errorf("cannot kill container: %s: %w", name, err)
	}
	sig := syscall.SIGKILL
	if signalName != "" {
		if sig, err = signal.ParseSignal(signalName); err != nil {
			return errdefs.Invalid("invalid signal: %s", signalName)
		}
		if !signal.ValidSignalForPlatform(sig) {
			return errdefs.Invalid("cannot kill container: %s: the linux daemon does not support signal %d", name, sig)
		}
	}
	r, err := settled(ctx, c)
	if err != nil {
		return err
	}
	run := running(c)
	if !r.State.Running() || run == nil {
		return errdefs.Conflict("cannot kill container: %s: container %s is not running", name, c.ID)
	}
	stops := ends(r, sig)
	if stops {
		d.change(c, func(r *ours.Record) { r.WantStopped = true })
	}
	if err := d.signal(ctx, c, sig); err != nil {
		return errdefs.Internal("cannot kill container: %s: %w", name, err)
	}
	if stops && r.State.Status == container.StatePaused {
		if err := d.thaw(ctx, c, sig); err != nil {
			return err
		}
	}
	if sig == syscall.SIGKILL {
		awaitEnd(ctx, run, defaultStopTimeout)
	}
	return nil
}

// settled is a container's record, of one that is being started only when that is
// done: its process may be heard of before the start has been written down.
func settled(ctx context.Context, c *ours.Container) (ours.Record, error) {
	if r := c.Snapshot(); r.State.Running() {
		return r, nil
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return ours.Record{}, err
	}
	defer done()
	return c.Snapshot(), nil
}

// ends reports whether a signal is one with which a person stops a container.
func ends(r ours.Record, sig syscall.Signal) bool {
	stop, err := stopSignal(r, "")
	return sig == syscall.SIGKILL || err == nil && sig == stop
}
