package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
)

func (s *service) Connect(ctx context.Context, r *task.ConnectRequest) (*task.ConnectResponse, error) {
	shimPid, taskPid := s.task.Connect(ctx, r.ID)
	return &task.ConnectResponse{ShimPid: uint32(shimPid), TaskPid: uint32(taskPid)}, nil
}
