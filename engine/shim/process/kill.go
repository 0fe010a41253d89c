package process

import (
	"context"
	"errors"
	"fmt"

	"github.com/containerd/go-runc"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/types"
)

// Kill signals a process, or all of the container's. It waits for no other
// verb: whatever hangs must be possible to kill.
func (t *Task) Kill(ctx context.Context, id, execID string, signal int, scope types.KillScope) error {
	c, p, err := t.findProcess(id, execID)
	if err != nil {
		return err
	}
	if _, err := p.check(verbKill); err != nil {
		return err
	}
	if execID != "" {
		return killExec(p, signal)
	}
	err = c.runtime.Kill(ctx, c.id, signal, &runc.KillOpts{All: scope == types.KillAll})
	if err == nil && signal == int(unix.SIGKILL) {
		c.callOffDump()
	}
	return err
}

// errCalledOff is why a dump of a killed container has no end.
var errCalledOff = errors.New("the container was killed meanwhile")

// callOffDump ends a dump under way, which would keep the processes frozen and
// so alive.
func (c *container) callOffDump() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dump != nil {
		c.dump(errCalledOff)
	}
}

// killExec signals a process that the runtime keeps no record of.
func killExec(p *process, signal int) error {
	pid := p.currentPid()
	if pid == 0 {
		return errdefs.Conflict("process %s has not been started", p.execID)
	}
	err := unix.Kill(pid, unix.Signal(signal))
	if errors.Is(err, unix.ESRCH) {
		return errdefs.NotFound("process already finished")
	}
	if err != nil {
		return fmt.Errorf("kill process %s: %w", p.execID, err)
	}
	return nil
}
