package task

import (
	"context"
	"time"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Stats reads the cgroup of a container.
func (t *Tasks) Stats(ctx context.Context, id string) (*types.Metric, error) {
	found, err := t.find(ctx, id)
	if err != nil {
		return nil, err
	}
	resp, err := found.shim.Stats(ctx, &taskv3.StatsRequest{ID: id})
	if err != nil {
		return nil, err
	}
	return &types.Metric{Timestamp: timestamppb.New(time.Now()), ID: id, Data: resp.Stats}, nil
}
