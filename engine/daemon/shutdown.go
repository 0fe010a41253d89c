package daemon

import (
	"context"
	"sync"
	"time"

	"github.com/containerd/log"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
)

// Shutdown ends the daemon. Its containers are stopped first, unless they are to
// live on.
func (d *stopper) Shutdown(ctx context.Context) {
	d.stopping.Store(true)
	if !d.LiveRestore {
		d.stopAll(ctx)
	}
	d.end()
	for _, c := range d.containers.All() {
		if run := running(c); run != nil {
			quiet(run.streams.Release())
			if run.log != nil {
				quiet(run.log.Close())
			}
		}
	}
	d.monitors.Wait()
}

// StopTime is how long Shutdown may take: what the most patient container has,
// and a little more to kill it.
func (d *stopper) StopTime() time.Duration {
	const more, longest = 5 * time.Second, 10 * time.Minute
	wait := defaultStopTimeout
	for _, c := range d.containers.All() {
		r := c.Snapshot()
		if !r.State.Running() || d.LiveRestore {
			continue
		}
		own := stopTimeout(r, nil)
		if own < 0 {
			own = longest
		}
		wait = max(wait, own)
	}
	return min(wait, longest) + more
}

// stopAll stops all containers at once. That is not what the person wants of
// each: those that always run are started with the next daemon.
func (d *stopper) stopAll(ctx context.Context) {
	var wait sync.WaitGroup
	for _, c := range d.containers.All() {
		if !c.Snapshot().State.Running() {
			continue
		}
		wait.Go(func() {
			d.checkpoints.callOff(c.ID)
			done, err := c.Operate(ctx)
			if err != nil {
				return
			}
			defer done()
			wanted := c.Snapshot().WantStopped
			if err := d.stop(ctx, c, types.StopOptions{}); err != nil {
				log.G(ctx).WithError(err).Warnf("container %s does not stop", c.ID)
			}
			d.change(c, func(r *ours.Record) { r.WantStopped = wanted })
		})
	}
	wait.Wait()
}
