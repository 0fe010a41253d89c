package client

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"

	"github.com/callroute/callroute/engine/containerd/types"
)

// Kill signals a process, or all of a container's.
func (c *Client) Kill(ctx context.Context, id, execID string, signal int, scope types.KillScope) error {
	_, err := c.tasks.Kill(ctx, &tasks.KillRequest{ContainerID: id, ExecID: execID, Signal: uint32(signal), All: scope == types.KillAll})
	return failed(err)
}
