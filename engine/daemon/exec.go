package daemon

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/spec"
	"github.com/callroute/callroute/engine/daemon/stream"
	"github.com/callroute/callroute/engine/errdefs"
)

// execution is a process that was added to a running container.
type execution struct {
	id        string
	container *ours.Container
	request   container.ExecCreateRequest
	path      string
	args      []string

	mu      sync.Mutex
	started bool
	running bool
	pid     int
	exit    *int
	begun   chan struct{} // closed once it runs, or is known not to
	ended   chan struct{} // closed once exit is known
	streams *stream.Streams
}

// ExecCreate says what is to run in a container; ExecStart runs it.
func (d *Daemon) ExecCreate(_ context.Context, name string, req container.ExecCreateRequest) (container.ExecCreateResponse, error) {
	c, err := d.containers.Get(name)
	if err != nil {
		return container.ExecCreateResponse{}, err
	}
	if err := executable(c); err != nil {
		return container.ExecCreateResponse{}, err
	}
	if len(req.Cmd) == 0 {
		return container.ExecCreateResponse{}, errdefs.Invalid("No exec command specified")
	}
	e := &execution{id: newID(), container: c, request: req, path: req.Cmd[0], args: req.Cmd[1:], begun: make(chan struct{}), ended: make(chan struct{})}
	d.execs.Lock()
	d.execs.all[e.id] = e
	d.execs.Unlock()
	d.tell(events.Action(string(events.ActionExecCreate)+": "+e.command()), c.Snapshot(), map[string]string{"execID": e.id})
	return container.ExecCreateResponse{ID: e.id}, nil
}

func (e *execution) command() string {
	return command(ours.Record{Path: e.path, Args: e.args})
}

// executable says why nothing can be run in a container now.
func executable(c *ours.Container) error {
	switch state := c.Snapshot().State; {
	case state.Status == container.StatePaused:
		return errdefs.Conflict("container %s is paused, unpause the container before exec", c.ID)
	case state.Status == container.StateRestarting:
		return errdefs.Conflict("Container %s is restarting, wait until the container is running", c.ID)
	case !state.Running():
		return errdefs.Conflict("container %s is not running", c.ID)
	}
	return nil
}

// ExecStart runs it, with the client on its streams unless it is detached.
func (d *Daemon) ExecStart(ctx context.Context, execID string, o types.ExecStartOptions, connect types.Connect) error {
	e, err := d.exec(execID)
	if err != nil {
		return err
	}
	if err := executable(e.container); err != nil {
		return err
	}
	if err := e.claim(); err != nil {
		return err
	}
	// The client reads as it said now, whatever it said before.
	kind := types.Multiplexed
	if o.Tty {
		kind = types.Raw
	}
	e.streams = stream.New(stream.Config{
		Dir: d.fifoDir(), ID: e.container.ID, ExecID: e.id, Terminal: e.request.Tty,
		Stdin: e.request.AttachStdin && !o.Detach, StdinOnce: true,
		StdinClosed: func() { d.quiet(d.Containerd.CloseStdin(d.background, e.container.ID, e.id)) },
	})
	if o.Detach {
		return d.runExec(ctx, e, o.ConsoleSize)
	}
	client, err := e.streams.Join(stream.JoinConfig{
		Stdin: e.request.AttachStdin, Stdout: e.request.AttachStdout, Stderr: e.request.AttachStderr, DetachKeys: e.request.DetachKeys,
	})
	if err != nil {
		return errdefs.Invalid("%v", err)
	}
	conn, err := connect(kind)
	if err != nil {
		client.Leave()
		return err
	}
	defer conn.Close()
	to := connection(conn, kind)
	if err := d.runExec(ctx, e, o.ConsoleSize); err != nil {
		client.Leave()
		// The status was sent with the connection; the reason goes as output.
		_, writeErr := to.Stdout.Write([]byte(err.Error() + "\r\n"))
		d.quiet(writeErr)
		return nil
	}
	err = client.Copy(ctx, to)
	if errors.Is(err, stream.ErrDetached) {
		d.tell(events.ActionExecDetach, e.container.Snapshot(), map[string]string{"execID": e.id})
		return nil
	}
	d.quiet(err)
	if err == nil {
		// The client asks for the exit code as soon as its connection ends.
		select {
		case <-e.ended:
		case <-ctx.Done():
		}
	}
	return nil
}

// claim makes sure that an exec is started once.
func (e *execution) claim() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.exit != nil:
		return errdefs.Conflict("exec %s has already run", e.id)
	case e.started:
		return errdefs.Conflict("exec %s is already running", e.id)
	}
	e.started = true
	return nil
}

// runExec starts the process and watches for its end.
func (d *Daemon) runExec(ctx context.Context, e *execution, size *[2]uint) (err error) {
	r := e.container.Snapshot()
	defer func() {
		if err != nil {
			d.quiet(e.streams.Close())
			code := exitCodeFor(err.Error())
			if code == 0 {
				code = 126
			}
			e.finish(code)
		}
	}()
	fifos, err := e.streams.Open(ctx, stream.Log{})
	if err != nil {
		return err
	}
	p, err := d.execProcess(r, e, size)
	if err != nil {
		return err
	}
	io := ctypes.IO{Stdin: fifos.Stdin, Stdout: fifos.Stdout, Stderr: fifos.Stderr, Terminal: fifos.Terminal}
	if err := d.Containerd.Exec(ctx, r.ID, e.id, p, io); err != nil {
		return err
	}
	pid, err := d.Containerd.Start(ctx, r.ID, e.id)
	if err != nil {
		_, removeErr := d.Containerd.Remove(context.WithoutCancel(ctx), r.ID, e.id)
		d.quiet(removeErr)
		return execFailed(err)
	}
	d.quiet(e.streams.Created())
	e.mu.Lock()
	e.running, e.pid = true, pid
	close(e.begun)
	e.mu.Unlock()
	d.tell(events.Action(string(events.ActionExecStart)+": "+e.command()), r, map[string]string{"execID": e.id})
	d.monitors.Add(1)
	go func() {
		defer d.monitors.Done()
		d.watchExec(e)
	}()
	return nil
}

// execFailed is why a process could not be run, in docker's words.
func execFailed(err error) error {
	if text := err.Error(); exitCodeFor(text) != 0 {
		const prefix = "OCI runtime exec failed: "
		return errdefs.Invalid("%s%s", prefix, strings.TrimPrefix(text, prefix))
	}
	return err
}

// execProcess is the process as the runtime is told it: like the container's
// own, but for what the request says.
func (d *Daemon) execProcess(r ours.Record, e *execution, size *[2]uint) (*specs.Process, error) {
	q := e.request
	name := q.User
	if name == "" {
		name = r.Config.User
	}
	who, err := spec.User(filepath.Join("/proc", strconv.Itoa(r.State.Pid), "root"), name, r.HostConfig.GroupAdd)
	if err != nil {
		return nil, err
	}
	caps, err := spec.Capabilities(r.HostConfig.CapAdd, r.HostConfig.CapDrop, r.HostConfig.Privileged || q.Privileged)
	if err != nil {
		return nil, err
	}
	security, err := spec.ParseSecurity(r.HostConfig.SecurityOpt)
	if err != nil {
		return nil, err
	}
	p := &specs.Process{
		Terminal: q.Tty, Args: append([]string{e.path}, e.args...), User: who, Cwd: q.WorkingDir, NoNewPrivileges: security.NoNewPrivileges,
		Env: spec.MergeEnv(spec.Environment(d.hostnameOf(r)), q.Env), Capabilities: spec.CapabilitySets(caps, who),
	}
	if p.Cwd == "" {
		p.Cwd = r.Config.WorkingDir
	}
	if p.Cwd == "" {
		p.Cwd = "/"
	}
	if q.Tty {
		p.Env = spec.MergeEnv([]string{"TERM=xterm"}, p.Env)
	}
	if size == nil {
		size = q.ConsoleSize
	}
	if size != nil {
		p.ConsoleSize = &specs.Box{Height: size[0], Width: size[1]}
	}
	return p, nil
}

// watchExec waits for the end of an exec.
func (d *Daemon) watchExec(e *execution) {
	var exit ctypes.Exit
	for delay := 10 * time.Millisecond; ; delay = min(2*delay, time.Second) {
		var err error
		exit, err = d.Containerd.Wait(d.background, e.container.ID, e.id)
		if err == nil || d.background.Err() != nil {
			break
		}
		if cerrdefs.IsNotFound(err) {
			exit = ctypes.Exit{Status: lost}
			break
		}
		time.Sleep(delay)
	}
	if d.background.Err() != nil {
		return
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(d.background), drainTime)
	d.quiet(e.streams.Drain(drain))
	cancel()
	e.finish(int(exit.Status))
	d.quiet(e.streams.Close())
	ctx := context.WithoutCancel(d.background)
	if _, err := d.Containerd.Remove(ctx, e.container.ID, e.id); err != nil && !cerrdefs.IsNotFound(err) {
		log.L.WithError(err).Debugf("exec %s", e.id)
	}
	d.tell(events.ActionExecDie, e.container.Snapshot(), map[string]string{"execID": e.id, "exitCode": strconv.Itoa(int(exit.Status))})
}

func (e *execution) finish(code int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.exit == nil {
		close(e.ended)
		if !e.running {
			close(e.begun)
		}
	}
	e.running, e.exit = false, &code
}

// exec finds an exec by its ID.
func (d *Daemon) exec(id string) (*execution, error) {
	d.execs.Lock()
	defer d.execs.Unlock()
	if e := d.execs.all[id]; e != nil {
		return e, nil
	}
	return nil, errdefs.NotFound("No such exec instance: %s", id)
}

// ExecInspect tells what an exec is doing.
func (d *Daemon) ExecInspect(_ context.Context, execID string) (container.ExecInspectResponse, error) {
	e, err := d.exec(execID)
	if err != nil {
		return container.ExecInspectResponse{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	privileged := e.request.Privileged
	return container.ExecInspectResponse{
		ID: e.id, Running: e.running, ExitCode: e.exit, Pid: e.pid, ContainerID: e.container.ID,
		OpenStdin: e.request.AttachStdin, OpenStdout: e.request.AttachStdout, OpenStderr: e.request.AttachStderr,
		DetachKeys: []byte(e.request.DetachKeys),
		ProcessConfig: &container.ExecProcessConfig{
			Tty: e.request.Tty, Entrypoint: e.path, Arguments: e.args, Privileged: &privileged, User: e.request.User,
		},
	}, nil
}

// startTime is how long an exec that is to be resized may take to start.
const startTime = 10 * time.Second

// ExecResize sets the size of an exec's terminal.
func (d *Daemon) ExecResize(ctx context.Context, execID string, o types.ResizeOptions) error {
	e, err := d.exec(execID)
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
	return d.Containerd.ResizePTY(ctx, e.container.ID, e.id, uint32(o.Width), uint32(o.Height))
}

// execIDs are the running execs of a container, nil for none.
func (d *Daemon) execIDs(id string) []string {
	d.execs.Lock()
	defer d.execs.Unlock()
	var ids []string
	for _, e := range d.execs.all {
		e.mu.Lock()
		if e.container.ID == id && e.running {
			ids = append(ids, e.id)
		}
		e.mu.Unlock()
	}
	slices.Sort(ids)
	return ids
}

// keptExecs is how many ended execs can still be inspected.
const keptExecs = 256

// dropExecs forgets ended execs when there are many. The latest are kept:
// their clients ask for the exit code a moment later.
func (d *Daemon) dropExecs() {
	d.execs.Lock()
	defer d.execs.Unlock()
	if len(d.execs.all) <= keptExecs {
		return
	}
	for id, e := range d.execs.all {
		e.mu.Lock()
		ended := e.exit != nil
		e.mu.Unlock()
		if ended {
			delete(d.execs.all, id)
		}
	}
}
