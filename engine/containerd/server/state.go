package server

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
	tasktypes "github.com/containerd/containerd/api/types/task"
)

// Get tells what a process is doing.
func (s *service) Get(ctx context.Context, r *tasks.GetRequest) (*tasks.GetResponse, error) {
	state, err := s.core.State(ctx, r.ContainerID, r.ExecID)
	if err != nil {
		return nil, err
	}
	p := processOf(state)
	if r.ExecID != "" {
		p.ContainerID, p.ID = r.ContainerID, r.ExecID
	}
	return &tasks.GetResponse{Process: p}, nil
}

// List is the first processes of all tasks of the namespace.
func (s *service) List(ctx context.Context, _ *tasks.ListTasksRequest) (*tasks.ListTasksResponse, error) {
	all, err := s.core.List(ctx)
	if err != nil {
		return nil, err
	}
	resp := &tasks.ListTasksResponse{}
	for _, state := range all {
		resp.Tasks = append(resp.Tasks, processOf(state))
	}
	return resp, nil
}

func processOf(s *taskv3.StateResponse) *tasktypes.Process {
	return &tasktypes.Process{
		ContainerID: s.ID, ID: s.ID, Pid: s.Pid, Status: s.Status,
		Stdin: s.Stdin, Stdout: s.Stdout, Stderr: s.Stderr, Terminal: s.Terminal,
		ExitStatus: s.ExitStatus, ExitedAt: s.ExitedAt,
	}
}
