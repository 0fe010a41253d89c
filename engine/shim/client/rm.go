package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
)

// Delete removes an ended process; the first one takes the container along.
func (s *Shim) Delete(ctx context.Context, req *task.DeleteRequest) (*task.DeleteResponse, error) {
	resp, err := s.tasks.Delete(ctx, req)
	if err != nil {
		return nil, s.failed(err)
	}
	return resp, nil
}
