package client

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// Pause freezes all processes of a container.
func (c *Client) Pause(ctx context.Context, id string) error {
	_, err := c.tasks.Pause(ctx, &tasks.PauseTaskRequest{ContainerID: id})
	return failed(err)
}
