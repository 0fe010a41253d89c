package client

import (
	"context"
	"encoding/json"

	"github.com/containerd/containerd/api/services/tasks/v1"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/containerd/types"
)

// Update changes the limits of a running container.
func (c *Client) Update(ctx context.Context, id string, resources *types.Resources) error {
	data, err := json.Marshal(resources)
	if err != nil {
		return err
	}
	_, err = c.tasks.Update(ctx, &tasks.UpdateTaskRequest{
		ContainerID: id, Resources: &anypb.Any{TypeUrl: types.ResourcesURL, Value: data},
	})
	return failed(err)
}
