package daemon

import (
	"context"
	"strconv"
	"syscall"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/sys/signal"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// Kill sends a signal to a container, SIGKILL if none is named. One that a
// person ends so is not started again.
func (d *Daemon) Kill(ctx context.Context, name, signalName string) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	sig := syscall.SIGKILL
	if signalName != "" {
		if sig, err = signal.ParseSignal(signalName); err != nil {
			return errdefs.Invalid("invalid signal: %s", signalName)
		}
		if !signal.ValidSignalForPlatform(sig) {
			return errdefs.Invalid("invalid signal: the kernel has no signal %d", sig)
		}
	}
	r, run := c.Snapshot(), running(c)
	if !r.State.Running() {
		// It may be about to run, and have written its first line already.
		done, err := c.Operate(ctx)
		if err != nil {
			return err
		}
		r, run = c.Snapshot(), running(c)
		done()
	}
	if !r.State.Running() || run == nil {
		return errdefs.Conflict("cannot kill container: %s: container %s is not running", name, c.ID)
	}
	if ends(r, sig) {
		d.change(c, func(r *ours.Record) { r.WantStopped = true })
	}
	if err := d.signal(ctx, c, sig); err != nil {
		return errdefs.Internal("cannot kill container: %s: %w", name, err)
	}
	d.tell(events.ActionKill, r, map[string]string{"signal": strconv.Itoa(int(sig))})
	if sig == syscall.SIGKILL {
		if r.State.Status == container.StatePaused {
			// Only a thawed process can end.
			if err := d.Containerd.Unpause(ctx, c.ID); err != nil {
				return err
			}
		}
		awaitEnd(ctx, run, defaultStopTimeout)
	}
	return nil
}

// ends reports whether a signal is one with which a person stops a container.
func ends(r ours.Record, sig syscall.Signal) bool {
	stop, err := stopSignal(r, "")
	return sig == syscall.SIGKILL || err == nil && sig == stop
}
