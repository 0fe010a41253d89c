package client

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// CloseStdin ends a process's standard input.
func (c *Client) CloseStdin(ctx context.Context, id, execID string) error {
	_, err := c.tasks.CloseIO(ctx, &tasks.CloseIORequest{ContainerID: id, ExecID: execID, Stdin: true})
	return failed(err)
}
