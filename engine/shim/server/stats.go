package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"github.com/containerd/typeurl/v2"
)

func (s *service) Stats(ctx context.Context, r *task.StatsRequest) (*task.StatsResponse, error) {
	stats, err := s.task.Stats(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	body, err := typeurl.MarshalAnyToProto(stats)
	if err != nil {
		return nil, err
	}
	return &task.StatsResponse{Stats: body}, nil
}
