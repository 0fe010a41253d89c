package daemon

import (
	"context"
	"strconv"
	"syscall"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/sys/signal"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// defaultStopTimeout is how long a container has to end by itself.
const defaultStopTimeout = 10 * time.Second

// Stop ends a container: with its signal, and after a time with SIGKILL.
func (d *stopper) Stop(ctx context.Context, name string, o types.StopOptions) error {
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
	if state := c.Snapshot().State; !state.Running() && state.Status != container.StateRestarting {
		return errdefs.NotModified("container %s is already stopped", c.ID)
	}
	return d.stop(ctx, c, o)
}

// stop stops a container under Operate and waits for its end.
func (d *stopper) stop(ctx context.Context, c *ours.Container, o types.StopOptions) error {
	if err := d.endPolitely(ctx, c, o); err != nil {
		return err
	}
	d.tell(events.ActionStop, c.Snapshot(), nil)
	return nil
}

func (d *stopper) endPolitely(ctx context.Context, c *ours.Container, o types.StopOptions) error {
	r := c.Snapshot()
	sig, err := stopSignal(r, o.Signal)
	if err != nil {
		return err
	}
	d.change(c, func(r *ours.Record) {
		r.WantStopped = true
		if r.State.Status == container.StateRestarting {
			r.State.Status = container.StateExited
		}
	})
	run := running(c)
	if run == nil {
		return nil
	}
	if err := d.signal(ctx, c, sig); err != nil {
		return err
	}
	if r.State.Status == container.StatePaused {
		if err := d.thaw(ctx, c, sig); err != nil {
			return err
		}
	}
	if awaitEnd(ctx, run, stopTimeout(r, o.Timeout)) {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return d.killAndWait(ctx, c, run)
}

// killAndWait ends a container with SIGKILL.
func (d *stopper) killAndWait(ctx context.Context, c *ours.Container, run *run) error {
	if err := d.signal(ctx, c, syscall.SIGKILL); err != nil {
		return err
	}
	const longest = 10 * time.Second // a process may hang in the kernel
	if awaitEnd(ctx, run, longest) {
		return nil
	}
	return errdefs.Internal("container %s does not end", c.ID)
}

// awaitEnd reports whether a run ended within a time; a negative one has no
// end.
func awaitEnd(ctx context.Context, run *run, timeout time.Duration) bool {
	var late <-chan time.Time
	if timeout >= 0 {
		late = time.After(timeout)
	}
	select {
	case <-run.closed:
		return true
	case <-late:
		return false
	case <-ctx.Done():
		return false
	}
}

func stopSignal(r ours.Record, asked string) (syscall.Signal, error) {
	name := asked
	if name == "" {
		name = r.Config.StopSignal
	}
	if name == "" {
		return syscall.SIGTERM, nil
	}
	s, err := signal.ParseSignal(name)
	if err != nil {
		return 0, errdefs.Invalid("invalid signal: %s", name)
	}
	return s, nil
}

func stopTimeout(r ours.Record, asked *int) time.Duration {
	switch {
	case asked != nil:
		return time.Duration(*asked) * time.Second
	case r.Config.StopTimeout != nil:
		return time.Duration(*r.Config.StopTimeout) * time.Second
	}
	return defaultStopTimeout
}

// signal sends a signal to a container's first process. One that has ended
// meanwhile is as good.
func (d *stopper) signal(ctx context.Context, c *ours.Container, s syscall.Signal) error {
	if s != syscall.SIGKILL {
		awaitInit(ctx, c.Snapshot())
	}
	if err := d.Containerd.Kill(ctx, c.ID, "", int(s), ctypes.KillProcess); err != nil && !cerrdefs.IsNotFound(err) {
		return err
	}
	d.tell(events.ActionKill, c.Snapshot(), map[string]string{"signal": strconv.Itoa(int(s))})
	return nil
}
