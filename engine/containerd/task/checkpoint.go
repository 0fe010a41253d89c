package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// Checkpoint dumps the processes of a container into a folder.
func (t *Tasks) Checkpoint(ctx context.Context, id, dir string, options *anypb.Any) error {
	found, err := t.find(ctx, id)
	if err != nil {
		return err
	}
	return found.shim.Checkpoint(ctx, &taskv3.CheckpointTaskRequest{ID: id, Path: dir, Options: options})
}
