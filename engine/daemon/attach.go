package daemon

import (
	"context"
	"errors"
	"io"

	"github.com/containerd/log"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/logs"
	"github.com/callroute/callroute/engine/daemon/stream"
	"github.com/callroute/callroute/engine/errdefs"
)

// Attach joins a client to a container's streams. The container may still have
// to be started: then the client gets everything from the first byte.
func (d *console) Attach(ctx context.Context, name string, o types.AttachOptions, connect types.Connect) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	r := c.Snapshot()
	switch r.State.Status {
	case container.StatePaused:
		return errdefs.Conflict("container %s is paused, unpause the container before attach", name)
	case container.StateRestarting:
		return errdefs.Conflict("container %s is restarting, wait until the container is running", name)
	}
	run := d.newRun(c, r)
	var client *stream.Client
	if o.Stream {
		client, err = run.streams.Join(stream.JoinConfig{
			Stdin: o.Stdin && r.Config.OpenStdin, Stdout: o.Stdout, Stderr: o.Stderr, DetachKeys: o.DetachKeys,
		})
		if err != nil {
			return errdefs.Invalid("%v", err)
		}
	}
	kind := types.Multiplexed
	if r.Config.Tty {
		kind = types.Raw
	}
	conn, err := connect(kind)
	if err != nil {
		if client != nil {
			client.Leave()
		}
		return err
	}
	defer conn.Close()
	d.tell(events.ActionAttach, r, nil)
	to := connection(conn, kind)
	if o.Logs {
		if err := d.replay(ctx, c, run, o, to); err != nil {
			return err
		}
	}
	if client == nil {
		return nil
	}
	err = client.Copy(ctx, to)
	if errors.Is(err, stream.ErrDetached) {
		d.tell(events.ActionDetach, r, nil)
		return nil
	}
	if err != nil {
		log.G(ctx).WithError(err).Debugf("attach to container %s", c.ID)
	}
	return nil
}

// connection is where a client's streams go.
func connection(conn io.ReadWriter, kind types.StreamKind) stream.Conn {
	if kind == types.Raw {
		return stream.Conn{Stdin: conn, Stdout: conn, Stderr: conn}
	}
	frames := stream.NewFrames(conn)
	return stream.Conn{Stdin: conn, Stdout: frames.Stdout(), Stderr: frames.Stderr()}
}

// replay writes what the container has written so far.
func (d *console) replay(ctx context.Context, c *ours.Container, run *run, o types.AttachOptions, to stream.Conn) error {
	r := c.Snapshot()
	if err := logs.CheckRead(r.HostConfig.LogConfig.Type, r.HostConfig.LogConfig.Config); err != nil {
		return err
	}
	return logs.Read(ctx, logs.ReadConfig{
		Path: logPath(r, c.Dir), Driver: r.HostConfig.LogConfig.Type, Log: run.log, Stdout: o.Stdout, Stderr: o.Stderr, Tail: -1,
	}, to.Stdout, to.Stderr)
}
