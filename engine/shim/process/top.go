package process

import (
	"context"

	"github.com/callroute/callroute/engine/shim/types"
)

// Pids lists all processes of the container, also those that others in it
// started.
func (t *Task) Pids(ctx context.Context, id string) ([]types.Process, error) {
	c, err := t.find(id)
	if err != nil {
		return nil, err
	}
	pids, err := c.runtime.Ps(ctx, c.id)
	if err != nil {
		return nil, err
	}
	names := c.names()
	list := make([]types.Process, 0, len(pids))
	for _, pid := range pids {
		list = append(list, types.Process{Pid: pid, ExecID: names[pid]})
	}
	return list, nil
}

// names gives the exec IDs of the processes that Exec started.
func (c *container) names() map[int]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make(map[int]string, len(c.execs))
	for _, p := range c.execs {
		names[p.currentPid()] = p.execID
	}
	return names
}
