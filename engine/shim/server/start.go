package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
)

func (s *service) Start(ctx context.Context, r *task.StartRequest) (*task.StartResponse, error) {
	pid, err := s.task.Start(ctx, r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	return &task.StartResponse{Pid: uint32(pid)}, nil
}
