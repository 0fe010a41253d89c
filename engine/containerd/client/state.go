package client

import (
	"context"

	"github.com/containerd/containerd/api/services/containers/v1"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types/task"

	"github.com/callroute/callroute/engine/containerd/types"
)

// State tells what a process is doing.
func (c *Client) State(ctx context.Context, id, execID string) (types.ProcessState, error) {
	resp, err := c.tasks.Get(ctx, &tasks.GetRequest{ContainerID: id, ExecID: execID})
	if err != nil {
		return types.ProcessState{}, failed(err)
	}
	state := stateOf(resp.Process)
	state.ID, state.ExecID = id, execID
	return state, nil
}

// List is every container and the state of its task, if it has one.
func (c *Client) List(ctx context.Context) ([]types.ProcessState, error) {
	records, err := c.containers.List(ctx, &containers.ListContainersRequest{})
	if err != nil {
		return nil, failed(err)
	}
	running, err := c.tasks.List(ctx, &tasks.ListTasksRequest{})
	if err != nil {
		return nil, failed(err)
	}
	states := map[string]types.ProcessState{}
	for _, p := range running.Tasks {
		id := p.ContainerID
		if id == "" {
			id = p.ID
		}
		states[id] = stateOf(p)
	}
	var all []types.ProcessState
	for _, r := range records.Containers {
		state, ok := states[r.ID]
		if !ok {
			state.Status = types.StatusUnknown
		}
		state.ID = r.ID
		all = append(all, state)
	}
	return all, nil
}

func stateOf(p *task.Process) types.ProcessState {
	state := types.ProcessState{
		ID: p.ContainerID, Pid: int(p.Pid), Status: types.StatusUnknown,
		IO:   types.IO{Stdin: p.Stdin, Stdout: p.Stdout, Stderr: p.Stderr, Terminal: p.Terminal},
		Exit: types.Exit{Status: p.ExitStatus, At: p.ExitedAt.AsTime()},
	}
	switch p.Status {
	case task.Status_CREATED:
		state.Status = types.StatusCreated
	case task.Status_RUNNING:
		state.Status = types.StatusRunning
	case task.Status_PAUSED, task.Status_PAUSING:
		state.Status = types.StatusPaused
	case task.Status_STOPPED:
		state.Status = types.StatusStopped
	}
	return state
}
