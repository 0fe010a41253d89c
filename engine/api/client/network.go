package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
)

// List lists networks.
func (n Networks) List(ctx context.Context, filters types.Filters) ([]network.Summary, error) {
	query := url.Values{}
	setFilters(query, filters)
	return decode[[]network.Summary](n.get(ctx, "/networks", query))
}

// Create makes a network.
func (n Networks) Create(ctx context.Context, req network.CreateRequest) (network.CreateResponse, error) {
	return decode[network.CreateResponse](n.post(ctx, "/networks/create", nil, req))
}
