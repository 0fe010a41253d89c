package process

import (
	"context"
	"fmt"

	"github.com/containerd/containerd/api/events"
	cerrdefs "github.com/containerd/errdefs"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/types"
)

// Exec prepares another process in the container; Start runs it.
func (t *Task) Exec(_ context.Context, id string, req types.Exec) error {
	c, err := t.find(id)
	if err != nil {
		return err
	}
	if err := validExecID(req.ExecID); err != nil {
		return err
	}
	if _, err := c.init.check(verbExec); err != nil {
		return err
	}
	p := newProcess(req.ExecID, req.IO)
	p.spec = req.Process
	p.spec.Terminal = req.IO.Terminal
	if err := c.add(p); err != nil {
		return err
	}
	t.publish(&events.TaskExecAdded{ContainerID: c.id, ExecID: p.execID})
	return nil
}

// validExecID keeps the name of a pid file inside the bundle.
func validExecID(execID string) error {
	if execID == "" || len(execID) > maxExecID || execID[0] == '.' {
		return errdefs.Invalid("invalid exec ID %q", execID)
	}
	for _, r := range execID {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
		default:
			return errdefs.Invalid("invalid exec ID %q", execID)
		}
	}
	return nil
}

// maxExecID is the longest ID that containerd gives.
const maxExecID = 76

func (c *container) add(p *process) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.execs[p.execID]; ok {
		return fmt.Errorf("process %s: %w", p.execID, cerrdefs.ErrAlreadyExists)
	}
	c.execs[p.execID] = p
	return nil
}
