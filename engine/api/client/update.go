package client

import (
	"context"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// Update changes a container's limits and restart policy. A zero field leaves
// what the container has.
func (c Containers) Update(ctx context.Context, name string, config types.UpdateConfig) (container.UpdateResponse, error) {
	return decode[container.UpdateResponse](c.post(ctx, "/containers/"+segment(name)+"/update", nil, config))
}
