package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// Create makes a container; an empty name lets the daemon choose one.
func (c Containers) Create(ctx context.Context, name string, req types.CreateRequest) (container.CreateResponse, error) {
	query := url.Values{}
	set(query, "name", name)
	set(query, "platform", req.Platform)
	return decode[container.CreateResponse](c.post(ctx, "/containers/create", query, req))
}
