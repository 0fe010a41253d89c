package daemon

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/log"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/logs"
	"github.com/callroute/callroute/engine/daemon/mounts"
	"github.com/callroute/callroute/engine/daemon/network"
	"github.com/callroute/callroute/engine/daemon/spec"
	"github.com/callroute/callroute/engine/daemon/stream"
	"github.com/callroute/callroute/engine/errdefs"
)

// Start starts a container that does not run, from a checkpoint if one is
// named.
func (d *runner) Start(ctx context.Context, name string, o types.StartOptions) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	checkpoint := ""
	if o.Checkpoint != "" {
		if checkpoint, err = d.checkpointDir(c, o.CheckpointDir, o.Checkpoint); err != nil {
			return err
		}
		if _, err := os.Stat(checkpoint); err != nil {
			return errdefs.NotFound("checkpoint %s does not exist for container %s", o.Checkpoint, c.Snapshot().Name)
		}
	}
	done, err := c.Operate(ctx)
	if err != nil {
		return err
	}
	defer done()
	switch state := c.Snapshot().State; {
	case state.Status == container.StatePaused:
		return errdefs.Conflict("cannot start a paused container, try unpause instead")
	case state.Running():
		return errdefs.NotModified("container %s is already started", c.ID)
	case state.Status == container.StateRemoving || state.Status == container.StateDead:
		return errdefs.Conflict("container is marked for removal and cannot be started")
	}
	d.change(c, func(r *ours.Record) { r.WantStopped, r.Restarts, r.Delay = false, 0, 0 })
	return d.start(ctx, c, checkpoint)
}

// start starts a container under Operate. Whatever fails, all that was made for
// the run is undone, and the state says why.
func (d *runner) start(ctx context.Context, c *ours.Container, checkpoint string) (err error) {
	if d.background.Err() != nil || d.stopping.Load() {
		return errdefs.Unavailable("the engine is stopping")
	}
	// Now, for memory may run out before the start is written down.
	d.change(c, func(r *ours.Record) { r.State.OOMKilled = false })
	r := c.Snapshot()
	run := d.newRun(c, r)
	var undo []func()
	defer func() {
		if err == nil {
			return
		}
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
		err = startFailed(err)
		d.notStarted(context.WithoutCancel(ctx), c, run, err)
	}()

	links, err := d.linkEnvironment(r)
	if err != nil {
		return err
	}
	request, err := d.joinRequest(r)
	if err != nil {
		return err
	}
	if checkpoint != "" {
		place, err := readPlace(checkpoint)
		if err != nil {
			return err
		}
		for i, n := range request.Networks {
			request.Networks[i].Address = cmp.Or(place.Addresses[n.Network], n.Address)
		}
	}
	endpoint, err := d.Network.Join(ctx, request)
	if err != nil {
		return err
	}
	undo = append(undo, func() { quiet(d.Network.Leave(context.WithoutCancel(ctx), c.ID)) })
	if run.log, err = logs.Open(logConfig(r, c.Dir)); err != nil {
		return err
	}
	undo = append(undo, func() { quiet(run.log.Close()) })
	fifos, err := run.streams.Open(stream.Log{Stdout: run.log.Stdout(), Stderr: run.log.Stderr()})
	if err != nil {
		return err
	}
	undo = append(undo, func() { quiet(run.streams.Close()) })
	rootfs, err := d.Images.Mounts(ctx, c.ID)
	if err != nil {
		return err
	}
	shm, err := d.memory.openShm(r)
	if err != nil {
		return err
	}
	undo = append(undo, func() { d.memory.closeShm(c.ID) })
	points, err := d.mounter.open(ctx, r)
	if err != nil {
		return err
	}
	undo = append(undo, func() { d.mounter.close(c.ID) })
	s, err := d.spec(ctx, r, place{endpoint: endpoint, shm: shm, links: links, mounts: points})
	if err != nil {
		return err
	}
	program, err := d.runtimes.program(r.HostConfig.Runtime)
	if err != nil {
		return err
	}
	pid, err := d.Containerd.Create(ctx, c.ID, ctypes.CreateOptions{
		Spec: s, Rootfs: rootfs, SnapshotKey: c.ID, Image: r.ImageName, Checkpoint: checkpoint, Runtime: program,
		Labels: map[string]string{"engine.name": r.Name},
		IO:     ctypes.IO{Stdin: fifos.Stdin, Stdout: fifos.Stdout, Stderr: fifos.Stderr, Terminal: fifos.Terminal},
	})
	if err != nil {
		return taskFailed(err)
	}
	undo = append(undo, func() { d.discard(c.ID) })
	if err := run.streams.Created(); err != nil {
		return err
	}
	if started, err := d.Containerd.Start(ctx, c.ID, ""); err != nil {
		return err
	} else if started != 0 {
		pid = started
	}
	quiet(run.streams.Started())
	d.change(c, func(r *ours.Record) {
		r.State = ours.State{Status: container.StateRunning, Pid: pid, StartedAt: time.Now().UTC(), FinishedAt: r.State.FinishedAt, OOMKilled: r.State.OOMKilled, Health: probed(*r)}
		r.Network = endpoint.Settings
	})
	d.tellNetworks(events.ActionConnect, c.Snapshot())
	d.tell(events.ActionStart, c.Snapshot(), nil)
	d.watch(c, run)
	d.watchHealth(c, run)
	return nil
}

// notStarted is the state of a container that could not be started.
func (d *runner) notStarted(ctx context.Context, c *ours.Container, run *run, why error) {
	quiet(run.streams.Close()) // clients may have joined before there was a process
	setRun(c, nil)
	d.change(c, func(r *ours.Record) {
		r.State.Status, r.State.Pid, r.State.ExitCode, r.State.Error = container.StateExited, 0, exitCodeOf(why), why.Error()
		if r.State.FinishedAt.IsZero() {
			r.State.Status = container.StateCreated
		}
		r.Network = nil
	})
	if c.Snapshot().HostConfig.AutoRemove {
		if err := d.remove(ctx, c, types.RemoveOptions{Volumes: true}); err != nil {
			log.G(ctx).WithError(err).Warnf("container %s, which did not start, stays", c.ID)
		}
	}
}

// newRun is the run that is about to begin. One that clients have joined while
// the container was still created is taken up.
func (d *runner) newRun(c *ours.Container, r ours.Record) *run {
	c.Lock()
	defer c.Unlock()
	if run, ok := c.Run.(*run); ok {
		return run
	}
	run := newRun(d.newStreams(r))
	c.Run = run
	return run
}

func (d *runner) newStreams(r ours.Record) *stream.Streams {
	return stream.New(stream.Config{
		Dir: d.fifoDir(), ID: r.ID, Stdin: r.Config.OpenStdin, Terminal: r.Config.Tty, StdinOnce: r.Config.StdinOnce,
		StdinClosed: func() { quiet(d.Containerd.CloseStdin(d.background, r.ID, "")) },
	})
}

func logConfig(r ours.Record, dir string) logs.Config {
	return logs.Config{
		Path: logPath(r, dir), Driver: r.HostConfig.LogConfig.Type, Options: r.HostConfig.LogConfig.Config,
		Labels: r.Config.Labels, Env: r.Config.Env, ID: r.ID, Name: r.Name,
	}
}

func logPath(r ours.Record, dir string) string { return filepath.Join(dir, r.ID+"-json.log") }

// place is what a container has got for one run.
type place struct {
	endpoint *network.Endpoint
	shm      string   // the host's folder that is its shared memory, if any
	links    []string // variables that come with links
	mounts   []mounts.Point
}

// spec is the OCI spec of a container in its place.
func (d *runner) spec(ctx context.Context, r ours.Record, p place) (s *specs.Spec, err error) {
	in := spec.Input{
		ID: r.ID, Config: d.hostnameOf(r), HostConfig: r.HostConfig, Path: r.Path, Args: r.Args, NetnsPath: p.endpoint.NetnsPath, Shm: p.shm, LinkEnv: p.links,
		CgroupRoot: d.CgroupRoot, SeccompProfile: d.SeccompProfile, Runtime: d.runtimes.features(ctx, r.HostConfig.Runtime), Resctrl: spec.Resctrl(),
	}
	if in.Join, err = d.memory.joinNamespaces(r); err != nil {
		return nil, err
	}
	if r.HostConfig.Init != nil && *r.HostConfig.Init {
		in.Init = d.InitProgram
	}
	if err := mounts.Prepare(r.Mounts); err != nil {
		return nil, err
	}
	in.Mounts, in.RootPropagation, err = mounts.Spec(p.mounts, mounts.Host{RecursiveReadOnly: in.Runtime.RecursiveReadOnly})
	if err != nil {
		return nil, err
	}
	for _, file := range []struct{ from, to string }{
		{p.endpoint.Files.ResolvConf, "/etc/resolv.conf"}, {p.endpoint.Files.Hostname, "/etc/hostname"}, {p.endpoint.Files.Hosts, "/etc/hosts"},
	} {
		if file.from != "" {
			in.Mounts = append(in.Mounts, specs.Mount{Destination: file.to, Type: "bind", Source: file.from, Options: []string{"rbind", "rprivate"}})
		}
	}
	err = d.withRoot(ctx, r.ID, func(root string) error {
		in.Rootfs = root
		s, err = spec.New(in)
		return err
	})
	return s, err
}

// discard removes a task that did not come to run.
func (d *runner) discard(id string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	// One to be restored has no process yet, and so no end to wait for.
	if d.Containerd.Kill(ctx, id, "", 9, ctypes.KillAll) == nil {
		_, _ = d.Containerd.Wait(ctx, id, "")
	}
	_, err := d.Containerd.Remove(ctx, id, "")
	quiet(err)
}

// startFailed says what a person can do about a failed start, with docker's
// words where it has some.
func startFailed(err error) error {
	text := err.Error()
	if code := exitCodeFor(text); code != 0 {
		return errdefs.Invalid("%s", text)
	}
	return err
}

// taskFailed says, as docker does, who could not make a container's first process.
func taskFailed(err error) error {
	return fmt.Errorf("failed to create task for container: failed to create shim task: %w", err)
}

// exitCodeOf is the exit code of a container that did not start.
func exitCodeOf(err error) int {
	if code := exitCodeFor(err.Error()); code != 0 {
		return code
	}
	return 128
}

// exitCodeFor is a shell's exit code for a program that is not there, or that
// may not be run; 0 for another failure.
func exitCodeFor(text string) int {
	contains := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	switch {
	case contains("executable file not found", "no such file or directory", "system cannot find the file specified"):
		return 127
	case contains("permission denied", "not a directory", "is a directory", "exec format error"):
		return 126
	}
	return 0
}
