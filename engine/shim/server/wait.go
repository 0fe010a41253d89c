package server

import (
	"context"
	"time"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func (s *service) Wait(ctx context.Context, r *task.WaitRequest) (*task.WaitResponse, error) {
	exit, err := s.task.Wait(ctx, r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	return &task.WaitResponse{ExitStatus: uint32(exit.Status), ExitedAt: timestamp(exit.At)}, nil
}

// timestamp is a time as a message; the zero time, of what has not happened,
// is none.
func timestamp(at time.Time) *timestamppb.Timestamp {
	if at.IsZero() {
		return nil
	}
	return timestamppb.New(at)
}
