package client

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"

	"github.com/callroute/callroute/engine/containerd/types"
)

// Wait blocks until a process ends.
func (c *Client) Wait(ctx context.Context, id, execID string) (types.Exit, error) {
	resp, err := c.tasks.Wait(ctx, &tasks.WaitRequest{ContainerID: id, ExecID: execID})
	if err != nil {
		return types.Exit{}, failed(err)
	}
	return types.Exit{Status: resp.ExitStatus, At: resp.ExitedAt.AsTime()}, nil
}
