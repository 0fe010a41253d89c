package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
)

// Create makes a volume; without a name the daemon chooses one.
func (v Volumes) Create(ctx context.Context, req volume.CreateRequest) (volume.Volume, error) {
	return decode[volume.Volume](v.post(ctx, "/volumes/create", nil, req))
}

// List lists volumes.
func (v Volumes) List(ctx context.Context, filters types.Filters) (volume.ListResponse, error) {
	query := url.Values{}
	setFilters(query, filters)
	return decode[volume.ListResponse](v.get(ctx, "/volumes", query))
}
