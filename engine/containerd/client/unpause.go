package client

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// Unpause thaws what Pause froze.
func (c *Client) Unpause(ctx context.Context, id string) error {
	_, err := c.tasks.Resume(ctx, &tasks.ResumeTaskRequest{ContainerID: id})
	return failed(err)
}
