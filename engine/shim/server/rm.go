package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
)

func (s *service) Delete(ctx context.Context, r *task.DeleteRequest) (*task.DeleteResponse, error) {
	exit, err := s.task.Delete(ctx, r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	return &task.DeleteResponse{
		Pid:        uint32(exit.Pid),
		ExitStatus: uint32(exit.Status),
		ExitedAt:   timestamp(exit.At),
	}, nil
}
