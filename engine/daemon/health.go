package daemon

import (
	"context"
	"syscall"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/health"
	"github.com/callroute/callroute/engine/daemon/stream"
)

// probed is the health of a container that is started, nil if it is not asked.
func probed(r ours.Record) *container.Health {
	if health.Command(r.Config.Healthcheck, r.Config.Shell) == nil {
		return nil
	}
	return health.Begin(r.State.Health)
}

// watchHealth asks a container how it is until its run ends.
func (d *runner) watchHealth(c *ours.Container, run *run) {
	r := c.Snapshot()
	command := health.Command(r.Config.Healthcheck, r.Config.Shell)
	if command == nil {
		return
	}
	ctx, stop := context.WithCancel(d.background)
	d.monitors.Add(2)
	go func() {
		defer d.monitors.Done()
		defer stop()
		select {
		case <-run.ending:
		case <-ctx.Done():
		}
	}()
	go func() {
		defer d.monitors.Done()
		health.Watch(ctx, health.Probed{
			Config: r.Config.Healthcheck, Started: r.State.StartedAt,
			Run: func(ctx context.Context) (int, string, error) { return d.execs.probe(ctx, c, command) },
			Health: func() *container.Health {
				s := c.Snapshot().State
				if s.Status != container.StateRunning {
					return nil // a frozen one would not answer
				}
				return s.Health
			},
			Note: func(result *container.HealthcheckResult) { d.noteHealth(c, result) },
		})
	}()
}

func (d *runner) noteHealth(c *ours.Container, result *container.HealthcheckResult) {
	turned := false
	d.change(c, func(r *ours.Record) {
		if r.State.Health == nil || !r.State.Running() {
			return
		}
		next := health.Next(r.State.Health, r.Config.Healthcheck, r.State.StartedAt, result)
		turned = next.Status != r.State.Health.Status
		r.State.Health = next
	})
	if r := c.Snapshot(); turned {
		d.tell(events.Action(string(events.ActionHealthStatus)+": "+string(r.State.Health.Status)), r, nil)
	}
}

// probe runs a command in a container, and returns how it ended and what it
// printed. One that has not ended with ctx is killed.
func (x *Execs) probe(ctx context.Context, c *ours.Container, command []string) (exit int, output string, err error) {
	e := newExecution(c, container.ExecCreateRequest{Cmd: command, AttachStdout: true, AttachStderr: true})
	x.add(e)
	x.tell(events.Action(string(events.ActionExecCreate)+": "+e.command()), c.Snapshot(), map[string]string{"execID": e.id})
	if err := e.claim(); err != nil {
		return 0, "", err
	}
	x.open(e, false)
	client, err := e.streams.Join(stream.JoinConfig{Stdout: true, Stderr: true})
	if err != nil {
		return 0, "", err
	}
	if err := x.run(ctx, e, nil); err != nil {
		client.Leave()
		return 0, "", err
	}
	var printed health.Output
	err = client.Copy(ctx, stream.Conn{Stdout: &printed, Stderr: &printed})
	select {
	case <-e.ended:
	case <-ctx.Done():
		x.kill(e)
		return 0, printed.String(), ctx.Err()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return *e.exit, printed.String(), err
}

// kill ends an exec, and waits for that as long as it should take.
func (x *Execs) kill(e *execution) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.background), 5*time.Second)
	defer cancel()
	quiet(x.Containerd.Kill(ctx, e.container.ID, e.id, int(syscall.SIGKILL), ctypes.KillProcess))
	select {
	case <-e.ended:
	case <-ctx.Done():
	}
}
