package client

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// ResizePTY sets the size of a process's terminal, in characters.
func (c *Client) ResizePTY(ctx context.Context, id, execID string, width, height uint32) error {
	_, err := c.tasks.ResizePty(ctx, &tasks.ResizePtyRequest{ContainerID: id, ExecID: execID, Width: width, Height: height})
	return failed(err)
}
