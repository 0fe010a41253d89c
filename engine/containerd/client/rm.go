package client

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/errdefs"

	"github.com/callroute/callroute/engine/containerd/types"
)

// Remove deletes an ended process; the first one takes the task and the
// container's record along. A record without a task goes too.
func (c *Client) Remove(ctx context.Context, id, execID string) (types.Exit, error) {
	if execID != "" {
		resp, err := c.tasks.DeleteProcess(ctx, &tasks.DeleteProcessRequest{ContainerID: id, ExecID: execID})
		if err != nil {
			return types.Exit{}, failed(err)
		}
		return types.Exit{Status: resp.ExitStatus, At: resp.ExitedAt.AsTime()}, nil
	}
	resp, err := c.tasks.Delete(ctx, &tasks.DeleteTaskRequest{ContainerID: id})
	if err = failed(err); err != nil && !errdefs.IsNotFound(err) {
		return types.Exit{}, err
	}
	var exit types.Exit
	if err == nil {
		exit = types.Exit{Status: resp.ExitStatus, At: resp.ExitedAt.AsTime()}
	}
	return exit, c.removeRecord(ctx, id)
}
