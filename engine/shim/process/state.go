package process

import (
	"context"

	"github.com/callroute/callroute/engine/shim/types"
)

// State tells what a process is doing. A process in a paused container is
// paused.
func (t *Task) State(_ context.Context, id, execID string) (types.State, error) {
	c, p, err := t.findProcess(id, execID)
	if err != nil {
		return types.State{}, err
	}
	s := types.State{
		ID:     c.id,
		ExecID: execID,
		Bundle: c.bundle,
		Status: p.current().status(),
		Pid:    p.currentPid(),
		IO:     p.io,
		Exit:   p.exit(),
	}
	if s.Status == types.StatusRunning && c.init.current().status() == types.StatusPaused {
		s.Status = types.StatusPaused
	}
	return s, nil
}
