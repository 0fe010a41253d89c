package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/api/events"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/go-runc"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callroute/callroute/engine/shim/bundle"
	"github.com/callroute/callroute/engine/shim/types"
)

// killTimeout is how long a killed process may take to be over.
const killTimeout = 10 * time.Second

// Delete removes a process that is over, or was never started. With the init
// process the container goes: the runtime forgets it and its root is
// unmounted.
func (t *Task) Delete(ctx context.Context, id, execID string) (types.Exit, error) {
	c, p, err := t.findProcess(id, execID)
	if err != nil {
		return types.Exit{}, err
	}
	if execID != "" {
		return remover{t}.deleteExec(ctx, c, p)
	}
	if err := (remover{t}).endCreated(ctx, c); err != nil {
		return types.Exit{}, err
	}
	return remover{t}.deleteInit(ctx, c)
}

// remover removes what is over.
type remover struct{ *Task }

func (t remover) deleteExec(ctx context.Context, c *container, p *process) (types.Exit, error) {
	p.verbs.Lock()
	defer p.verbs.Unlock()
	next, err := p.check(verbRemove)
	if err != nil {
		return types.Exit{}, err
	}
	t.dropStreams(ctx, p)
	_ = os.Remove(filepath.Join(c.bundle, bundle.ExecPid(p.execID)))
	p.enter(next)
	c.mu.Lock()
	delete(c.execs, p.execID)
	c.mu.Unlock()
	return p.exit(), nil
}

// endCreated ends an init process that waits for a start which will not come.
// Its end is recorded and told like any other, before the deletion.
func (t remover) endCreated(ctx context.Context, c *container) error {
	if c.init.current().status() != types.StatusCreated || c.init.currentPid() == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	err := c.runtime.Kill(ctx, c.id, int(unix.SIGKILL), &runc.KillOpts{})
	if err != nil && !cerrdefs.IsNotFound(err) {
		return err
	}
	select {
	case <-c.init.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t remover) deleteInit(ctx context.Context, c *container) (types.Exit, error) {
	c.init.verbs.Lock()
	defer c.init.verbs.Unlock()
	next, err := c.init.check(verbRemove)
	if err != nil {
		return types.Exit{}, err
	}
	t.dropStreams(ctx, c.init)
	if err := deleteAtRuntime(ctx, c); err != nil {
		return types.Exit{}, err
	}
	if err := unmountRootfs(c.rootfs); err != nil {
		return types.Exit{}, err
	}
	c.init.enter(next)
	t.mu.Lock()
	t.container = nil
	t.mu.Unlock()

	exit := c.init.exit()
	t.publish(&events.TaskDelete{
		ContainerID: c.id,
		Pid:         uint32(exit.Pid),
		ExitStatus:  uint32(exit.Status),
		ExitedAt:    timestamppb.New(exit.At),
	})
	return exit, nil
}

// deleteAtRuntime makes the runtime forget a container that is over. A checkpoint
// with exit has made it forget already, and one to be restored was never made.
//
// A runtime that fails may have been killed in the middle of it: it is asked once
// more, and then looked for what it knows no more of.
func deleteAtRuntime(ctx context.Context, c *container) error {
	err := c.runtime.Delete(ctx, c.id, &runc.DeleteOpts{})
	if err == nil || cerrdefs.IsNotFound(err) {
		return nil
	}
	err = c.runtime.Delete(ctx, c.id, &runc.DeleteOpts{Force: true})
	if err != nil && !cerrdefs.IsNotFound(err) {
		return err
	}
	return removeCgroup(c.bundle)
}

// dropStreams gives the client the time to read what is left, and closes.
func (t remover) dropStreams(ctx context.Context, p *process) {
	streams := p.currentStreams()
	if err := streams.drain(ctx); errors.Is(err, context.DeadlineExceeded) {
		t.cfg.Log.Warn("output was not read to its end", "exec", p.execID)
	}
	streams.close()
}
