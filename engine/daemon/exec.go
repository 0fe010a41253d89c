package daemon

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"

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

// Create says what is to run in a container; Start runs it.
func (x *Execs) Create(_ context.Context, name string, req container.ExecCreateRequest) (container.ExecCreateResponse, error) {
	c, err := x.containers.Get(name)
	if err != nil {
		return container.ExecCreateResponse{}, err
	}
	if err := executable(c, name); err != nil {
		return container.ExecCreateResponse{}, err
	}
	if len(req.Cmd) == 0 {
		return container.ExecCreateResponse{}, errdefs.Invalid("No exec command specified")
	}
	e := newExecution(c, req)
	x.add(e)
	x.tell(events.Action(string(events.ActionExecCreate)+": "+e.command()), c.Snapshot(), map[string]string{"execID": e.id})
	return container.ExecCreateResponse{ID: e.id}, nil
}

// command is what is run, as docker's events have it.
func (e *execution) command() string { return e.path + " " + strings.Join(e.args, " ") }

// executable says why nothing can be run in a container now.
func executable(c *ours.Container, name string) error {
	switch state := c.Snapshot().State; {
	case state.Status == container.StatePaused:
		return errdefs.Conflict("Container %s is paused, unpause the container before exec", name)
	case state.Status == container.StateRestarting:
		return errdefs.Conflict("Container %s is restarting, wait until the container is running", c.ID)
	case !state.Running():
		return errdefs.Conflict("container %s is not running", c.ID)
	}
	return nil
}

// Start runs it, with the client on its streams unless it is detached.
func (x *Execs) Start(ctx context.Context, execID string, o types.ExecStartOptions, connect types.Connect) error {
	e, err := x.find(execID)
	if err != nil {
		return err
	}
	if err := executable(e.container, e.container.ID); err != nil {
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
	x.open(e, e.request.AttachStdin && !o.Detach)
	if o.Detach {
		return x.run(ctx, e, o.ConsoleSize)
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
	if err := x.run(ctx, e, o.ConsoleSize); err != nil {
		client.Leave()
		// The status was sent with the connection; the reason goes as output.
		_, writeErr := to.Stdout.Write([]byte(err.Error() + "\r\n"))
		quiet(writeErr)
		return nil
	}
	err = client.Copy(ctx, to)
	if errors.Is(err, stream.ErrDetached) {
		x.tell(events.ActionExecDetach, e.container.Snapshot(), map[string]string{"execID": e.id})
		return nil
	}
	quiet(err)
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
func (x *Execs) run(ctx context.Context, e *execution, size *[2]uint) (err error) {
	r := e.container.Snapshot()
	defer func() {
		if err != nil {
			quiet(e.streams.Close())
			code := exitCodeFor(err.Error())
			if code == 0 {
				code = 126
			}
			x.finish(e, code)
		}
	}()
	fifos, err := e.streams.Open(stream.Log{})
	if err != nil {
		return err
	}
	p, err := x.process(r, e, size)
	if err != nil {
		return err
	}
	io := ctypes.IO{Stdin: fifos.Stdin, Stdout: fifos.Stdout, Stderr: fifos.Stderr, Terminal: fifos.Terminal}
	if err := x.Containerd.Exec(ctx, r.ID, e.id, p, io); err != nil {
		return err
	}
	pid, err := x.Containerd.Start(ctx, r.ID, e.id)
	if err != nil {
		_, removeErr := x.Containerd.Remove(context.WithoutCancel(ctx), r.ID, e.id)
		quiet(removeErr)
		return execFailed(err)
	}
	quiet(errors.Join(e.streams.Created(), e.streams.Started()))
	e.mu.Lock()
	e.running, e.pid = true, pid
	close(e.begun)
	e.mu.Unlock()
	x.tell(events.Action(string(events.ActionExecStart)+": "+e.command()), r, map[string]string{"execID": e.id})
	x.monitors.Add(1)
	go func() {
		defer x.monitors.Done()
		x.watch(e)
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
func (x *Execs) process(r ours.Record, e *execution, size *[2]uint) (*specs.Process, error) {
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
	links, err := x.linkEnvironment(r)
	if err != nil {
		log.L.WithError(err).Debugf("exec in container %s", r.ID) // the other has ended since
	}
	p := &specs.Process{
		Terminal: q.Tty, Args: append([]string{e.path}, e.args...), User: who, Cwd: q.WorkingDir, NoNewPrivileges: security.NoNewPrivileges,
		Env: spec.MergeEnv(spec.Environment(x.hostnameOf(r), links), q.Env), Capabilities: spec.CapabilitySets(caps, who),
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

// watch waits for the end of an exec.
func (x *Execs) watch(e *execution) {
	exit, ok := x.awaitExit(e.container.ID, e.id)
	if !ok {
		return
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(x.background), drainTime)
	quiet(e.streams.Drain(drain))
	cancel()
	x.finish(e, int(exit.Status))
	quiet(e.streams.Close())
	ctx := context.WithoutCancel(x.background)
	if _, err := x.Containerd.Remove(ctx, e.container.ID, e.id); err != nil && !cerrdefs.IsNotFound(err) {
		log.L.WithError(err).Debugf("exec %s", e.id)
	}
	x.tell(events.ActionExecDie, e.container.Snapshot(), map[string]string{"execID": e.id, "exitCode": strconv.Itoa(int(exit.Status))})
}

// Inspect tells what an exec is doing.
func (x *Execs) Inspect(_ context.Context, execID string) (container.ExecInspectResponse, error) {
	e, err := x.find(execID)
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
