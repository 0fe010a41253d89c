package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	api "github.com/containerd/containerd/api/types/task"

	"github.com/callroute/callroute/engine/shim/types"
)

func (s *service) State(ctx context.Context, r *task.StateRequest) (*task.StateResponse, error) {
	state, err := s.task.State(ctx, r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	id := state.ID
	if state.ExecID != "" {
		id = state.ExecID
	}
	return &task.StateResponse{
		ID:         id,
		ExecID:     state.ExecID,
		Bundle:     state.Bundle,
		Pid:        uint32(state.Pid),
		Status:     status(state.Status),
		Stdin:      state.IO.Stdin,
		Stdout:     state.IO.Stdout,
		Stderr:     state.IO.Stderr,
		Terminal:   state.IO.Terminal,
		ExitStatus: uint32(state.Exit.Status),
		ExitedAt:   timestamp(state.Exit.At),
	}, nil
}

func status(s types.Status) api.Status {
	switch s {
	case types.StatusCreated:
		return api.Status_CREATED
	case types.StatusRunning:
		return api.Status_RUNNING
	case types.StatusPaused:
		return api.Status_PAUSED
	case types.StatusStopped, types.StatusDeleted:
		return api.Status_STOPPED
	}
	return api.Status_UNKNOWN
}
