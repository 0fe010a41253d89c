package client

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// Start starts a created process.
func (c *Client) Start(ctx context.Context, id, execID string) (pid int, err error) {
	resp, err := c.tasks.Start(ctx, &tasks.StartRequest{ContainerID: id, ExecID: execID})
	if err != nil {
		return 0, failed(err)
	}
	return int(resp.Pid), nil
}
