package client

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
)

// Pids lists the processes of a container.
func (c *Client) Pids(ctx context.Context, id string) ([]int, error) {
	resp, err := c.tasks.ListPids(ctx, &tasks.ListPidsRequest{ContainerID: id})
	if err != nil {
		return nil, failed(err)
	}
	var pids []int
	for _, p := range resp.Processes {
		pids = append(pids, int(p.Pid))
	}
	return pids, nil
}
