package server

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// Checkpoint dumps a container into the folder that the options name, or else
// into content that the answer describes.
func (s *service) Checkpoint(ctx context.Context, r *tasks.CheckpointTaskRequest) (*tasks.CheckpointTaskResponse, error) {
	descriptors, err := s.core.Checkpoint(ctx, r.ContainerID, r.Options)
	if err != nil {
		return nil, err
	}
	return &tasks.CheckpointTaskResponse{Descriptors: descriptors}, nil
}
