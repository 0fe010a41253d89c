package daemon

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/containerd/log"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/health"
)

// drainTime is how long output may come after the process has ended: a child
// that it left behind may hold the pipes open.
const drainTime = 2 * time.Second

// watch waits for the end of a running container, and deals with it.
func (d *runner) watch(c *ours.Container, run *run) {
	told := d.told.expect(c.ID)
	d.monitors.Add(1)
	go func() {
		defer d.monitors.Done()
		exit, ok := d.awaitExit(c.ID, "")
		if !ok {
			return
		}
		if exit.Status == killed && !c.Snapshot().WantStopped {
			// That it ran out of memory is told before its end, but perhaps
			// after Wait has returned.
			select {
			case <-told:
			case <-time.After(tellTime):
			case <-d.background.Done():
			}
		}
		d.told.ended(c.ID) // nobody asks any more
		d.exited(c, run, exit)
	}()
}

// killed is the status of a process that SIGKILL ended, and tellTime how long
// containerd may take to tell why.
const (
	killed   = 128 + 9
	tellTime = time.Second
)

// toldExits knows of whose end containerd's events have told.
type toldExits struct {
	mu   sync.Mutex
	runs map[string]chan struct{} // by container; closed once told
}

// expect is closed when the end of the container's run is told.
func (t *toldExits) expect(id string) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	told := make(chan struct{})
	t.runs[id] = told
	return told
}

func (t *toldExits) ended(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if told, ok := t.runs[id]; ok {
		close(told)
		delete(t.runs, id)
	}
}

// exited takes a container from running to exited, and on to what its restart
// policy or its --rm say.
func (d *runner) exited(c *ours.Container, run *run, exit ctypes.Exit) {
	ctx := context.WithoutCancel(d.background)
	close(run.ending)
	d.endRun(ctx, c, run)
	ended := c.Snapshot()
	restart := false
	var wait time.Duration
	d.change(c, func(r *ours.Record) {
		ran := time.Since(r.State.StartedAt)
		r.State.Status, r.State.Pid = container.StateExited, 0
		r.State.ExitCode, r.State.FinishedAt = int(exit.Status), exit.At.UTC()
		if exit.At.IsZero() || exit.At.Unix() <= 0 {
			r.State.FinishedAt = time.Now().UTC()
		}
		r.Exits++
		r.Network = nil
		r.State.Health = health.End(r.State.Health)
		if restart, wait = again(*r, ran); restart {
			r.State.Status = container.StateRestarting
			r.Restarts++
			r.Delay = wait
		}
	})
	r := c.Snapshot()
	ran := int(max(0, r.State.FinishedAt.Sub(r.State.StartedAt)).Seconds())
	d.tell(events.ActionDie, r, map[string]string{"exitCode": strconv.Itoa(int(exit.Status)), "execDuration": strconv.Itoa(ran)})
	d.tellNetworks(events.ActionDisconnect, ended)
	close(run.closed)
	switch {
	case restart:
		d.monitors.Add(1)
		go func() {
			defer d.monitors.Done()
			d.restartLater(c, wait)
		}()
	case r.HostConfig.AutoRemove:
		done, err := c.Operate(ctx)
		if err != nil {
			return
		}
		defer done()
		if _, err := d.containers.Get(c.ID); err != nil {
			return // somebody removed it by force
		}
		if err := d.remove(ctx, c, types.RemoveOptions{Volumes: true}); err != nil {
			log.L.WithError(err).Errorf("container %s could not be removed", c.ID)
		}
	}
}

// endRun takes down what a container had while it ran.
func (d *runner) endRun(ctx context.Context, c *ours.Container, run *run) {
	drain, cancel := context.WithTimeout(ctx, drainTime)
	if err := run.streams.Drain(drain); err != nil {
		log.L.WithError(err).Debugf("output of container %s is still held open", c.ID)
	}
	cancel()
	// The container's other processes are gone with its first; their shim goes
	// with the task.
	d.execs.containerEnded(c.ID)
	if err := d.removeTask(ctx, c.ID); err != nil {
		log.L.WithError(err).Warnf("task of container %s stays", c.ID)
	}
	quiet(run.streams.Close())
	if run.log != nil {
		quiet(run.log.Close())
	}
	if err := d.Network.Leave(ctx, c.ID); err != nil {
		log.L.WithError(err).Warnf("network of container %s stays", c.ID)
	}
	d.memory.closeShm(c.ID)
	d.mounter.close(c.ID)
	d.stats.Forget(c.ID)
	setRun(c, nil)
}

// The delay before a container is started again doubles each time, unless it
// ran for a while.
const (
	firstDelay = 100 * time.Millisecond
	lastDelay  = time.Minute
	longRun    = 10 * time.Second
)

// again reports whether a container's policy is to start it again, and after
// which delay. ran is how long it ran.
func again(r ours.Record, ran time.Duration) (restart bool, wait time.Duration) {
	if r.WantStopped {
		return false, 0
	}
	p := r.HostConfig.RestartPolicy
	switch p.Name {
	case container.RestartPolicyAlways, container.RestartPolicyUnlessStopped:
	case container.RestartPolicyOnFailure:
		if r.State.ExitCode == 0 || p.MaximumRetryCount > 0 && r.Restarts >= p.MaximumRetryCount {
			return false, 0
		}
	default:
		return false, 0
	}
	if r.Delay == 0 || ran >= longRun {
		return true, firstDelay
	}
	return true, min(2*r.Delay, lastDelay)
}

// restartLater starts a container again after a delay, unless somebody stopped
// or removed it meanwhile.
func (d *runner) restartLater(c *ours.Container, wait time.Duration) {
	deadline := time.After(wait)
	select {
	case <-deadline:
	case <-d.background.Done():
		return
	}
	done, err := c.Operate(d.background)
	if err != nil {
		return
	}
	defer done()
	r := c.Snapshot()
	if r.WantStopped || r.State.Status != container.StateRestarting {
		return
	}
	if err := d.start(d.background, c, ""); err != nil {
		log.L.WithError(err).Errorf("container %s could not be started again", c.ID)
	}
}
