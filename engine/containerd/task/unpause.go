package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
)

// Resume thaws what Pause froze.
func (t *Tasks) Resume(ctx context.Context, id string) error {
	found, err := t.find(ctx, id)
	if err != nil {
		return err
	}
	return found.shim.Resume(ctx, &taskv3.ResumeRequest{ID: id})
}
