package daemon

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	api "github.com/moby/moby/api/types/mount"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/logs"
	"github.com/callroute/callroute/engine/daemon/stream"
)

// Restore takes up where a former daemon ended, whether it was stopped or
// killed: what containerd still runs goes on, what has ended meanwhile is
// dealt with as if we had seen it, what is left of neither is removed, and what
// is to run again is started.
func (d *restorer) Restore(ctx context.Context) error {
	d.runtimes.features(ctx, d.Runtime) // now, not within somebody's start
	tasks, err := d.Containerd.List(ctx)
	if err != nil {
		return err
	}
	states := map[string]ctypes.ProcessState{}
	for _, t := range tasks {
		states[t.ID] = t
	}
	var live []string
	for _, c := range d.containers.All() {
		r := c.Snapshot()
		for _, m := range r.Mounts {
			if m.Type == api.TypeVolume {
				_, err := d.Volumes.Use(ctx, m.Name, r.ID)
				quiet(err)
			}
		}
		if s := states[c.ID].Status; s == ctypes.StatusRunning || s == ctypes.StatusPaused {
			live = append(live, c.ID)
		}
	}
	if err := d.Network.Restore(ctx, live); err != nil {
		log.G(ctx).WithError(err).Warn("some networks could not be restored")
	}
	// Before anything is started: what a start makes looks like what is left of
	// another.
	d.tidy(ctx, states)
	due := map[string]bool{} // those that were about to be started
	for _, c := range d.containers.All() {
		was := c.Snapshot()
		due[c.ID] = was.State.Status == container.StateRestarting
		task, ok := states[c.ID]
		delete(states, c.ID)
		if err := d.restore(ctx, c, task, ok); err != nil {
			log.G(ctx).WithError(err).Errorf("container %s could not be restored", c.ID)
		}
		// Nobody saw its end: that is for its restart policy what a failure is.
		if is := c.Snapshot(); was.State.Running() && is.State.Status == container.StateExited && is.State.ExitCode == lost {
			due[c.ID], _ = again(is, 0)
		}
	}
	for id := range states {
		// A container whose record is gone, or never came to be.
		d.discardLeft(id)
	}
	d.startAgain(ctx, due)
	go d.follow()
	return nil
}

// restore brings one container's state in step with its task.
func (d *restorer) restore(ctx context.Context, c *ours.Container, task ctypes.ProcessState, known bool) error {
	r := c.Snapshot()
	switch {
	case known && (task.Status == ctypes.StatusRunning || task.Status == ctypes.StatusPaused):
		return d.resume(ctx, c, task)
	case known && task.Status == ctypes.StatusStopped && r.State.Running():
		// It ended while nobody watched.
		run := newRun(d.newStreams(r))
		if err := d.reopen(c, r, run); err != nil {
			log.G(ctx).WithError(err).Debugf("last output of container %s", c.ID)
		}
		d.exited(c, run, task.Exit)
		return nil
	case known:
		d.discardLeft(c.ID)
	}
	switch {
	case r.State.Status == container.StateRemoving || r.State.Status == container.StateDead, r.HostConfig.AutoRemove:
		return d.remove(ctx, c, types.RemoveOptions{Volumes: r.HostConfig.AutoRemove})
	case r.State.Running():
		d.change(c, func(r *ours.Record) {
			r.State.Status, r.State.Pid, r.State.ExitCode, r.State.FinishedAt = container.StateExited, 0, lost, time.Now().UTC()
			r.Exits++
			r.Network = nil
		})
		d.tell(events.ActionDie, c.Snapshot(), map[string]string{"exitCode": "255"})
	case r.State.Status == container.StateRestarting:
		d.change(c, func(r *ours.Record) { r.State.Status = container.StateExited })
	}
	d.states.set(c.ID, c.Snapshot().State.Status)
	return nil
}

// resume takes up a container that runs.
func (d *restorer) resume(ctx context.Context, c *ours.Container, task ctypes.ProcessState) error {
	r := c.Snapshot()
	run := newRun(d.newStreams(r))
	if err := d.reopen(c, r, run); err != nil {
		log.G(ctx).WithError(err).Warnf("the output of container %s is lost from here on", c.ID)
	}
	setRun(c, run)
	d.change(c, func(r *ours.Record) {
		if !r.State.Running() {
			// The former daemon had started it and not yet said so.
			r.State = ours.State{StartedAt: time.Now().UTC(), FinishedAt: r.State.FinishedAt}
		}
		r.State.Health = probed(*r)
		r.State.Pid = task.Pid
		r.State.Status = container.StateRunning
		if task.Status == ctypes.StatusPaused {
			r.State.Status = container.StatePaused
		}
		if e := d.Network.Endpoint(c.ID); e != nil {
			r.Network = e.Settings
		}
	})
	log.G(ctx).Infof("container %s goes on", c.ID)
	d.watch(c, run)
	d.watchHealth(c, run)
	return nil
}

// reopen opens log and streams of a container that was started by a former
// daemon.
func (d *runner) reopen(c *ours.Container, r ours.Record, run *run) (err error) {
	if run.log, err = logs.Open(logConfig(r, c.Dir)); err != nil {
		return err
	}
	_, err = run.streams.Reopen(d.background, stream.Log{Stdout: run.log.Stdout(), Stderr: run.log.Stderr()})
	return err
}

// tidy removes what a former daemon was in the middle of: containers that it
// made, root file systems that it looked into, fifos of processes that are no
// longer anybody's.
func (d *restorer) tidy(ctx context.Context, tasks map[string]ctypes.ProcessState) {
	for _, id := range d.halfMade {
		if err := d.Images.Release(ctx, id); err != nil {
			log.G(ctx).WithError(err).Warnf("container %s, which was never finished, stays", id)
			continue // and so does its folder, for the next time
		}
		quiet(os.RemoveAll(d.containers.Dir(id)))
	}
	looked := filepath.Join(d.ExecRoot, "mnt")
	if err := mount.UnmountRecursive(looked, 0); err != nil {
		log.G(ctx).WithError(err).Warnf("%s stays mounted", looked)
	} else {
		quiet(os.RemoveAll(looked))
	}
	running := func(id string) bool {
		s := tasks[id].Status
		return s == ctypes.StatusRunning || s == ctypes.StatusPaused
	}
	d.memory.tidyShm(running)
	d.mounter.tidy(running)
	fifos, err := os.ReadDir(d.fifoDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		quiet(err)
	}
	for _, f := range fifos {
		if _, ok := tasks[f.Name()]; !ok {
			quiet(os.RemoveAll(filepath.Join(d.fifoDir(), f.Name())))
		}
	}
}

// discardLeft removes a task that a former daemon left, and its fifos.
func (d *restorer) discardLeft(id string) {
	d.discard(id)
	quiet(os.RemoveAll(filepath.Join(d.fifoDir(), id)))
}

// startAgain starts what is to run whenever the engine does, and what was due to
// be started.
func (d *restorer) startAgain(ctx context.Context, due map[string]bool) {
	var wait sync.WaitGroup
	const atOnce = 8
	slots := make(chan struct{}, atOnce)
	for _, c := range d.containers.All() {
		r := c.Snapshot()
		always := r.HostConfig.RestartPolicy.Name == container.RestartPolicyAlways
		unless := r.HostConfig.RestartPolicy.Name == container.RestartPolicyUnlessStopped && !r.WantStopped
		if r.State.Running() || r.State.Status == container.StateCreated || !always && !unless && !due[c.ID] {
			continue
		}
		wait.Add(1)
		slots <- struct{}{}
		go func() {
			defer wait.Done()
			defer func() { <-slots }()
			if err := d.Start(ctx, c.ID, types.StartOptions{}); err != nil && !cerrdefs.IsNotModified(err) {
				log.G(ctx).WithError(err).Errorf("container %s could not be started", c.ID)
			}
		}()
	}
	wait.Wait()
}

// follow notes what containerd tells and no verb of ours brought about: that a
// container ran out of memory.
func (d *restorer) follow() {
	for d.background.Err() == nil {
		tasks, err := d.Containerd.Events(d.background)
		if err == nil {
			for e := range tasks {
				d.noted(e)
			}
		}
		select {
		case <-time.After(time.Second):
		case <-d.background.Done():
		}
	}
}

func (d *restorer) noted(e ctypes.TaskEvent) {
	if e.Kind == ctypes.TaskExit && e.ExecID == "" {
		d.told.ended(e.ID)
	}
	if e.Kind != ctypes.TaskOOM {
		return
	}
	c, err := d.containers.Get(e.ID)
	if err != nil {
		return
	}
	d.change(c, func(r *ours.Record) { r.State.OOMKilled = true })
	d.tell(events.ActionOOM, c.Snapshot(), nil)
}
