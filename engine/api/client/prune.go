package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
)

// Prune removes the containers that do not run.
func (c Containers) Prune(ctx context.Context, filters types.Filters) (container.PruneReport, error) {
	query := url.Values{}
	setFilters(query, filters)
	return decode[container.PruneReport](c.post(ctx, "/containers/prune", query, nil))
}

// Prune removes images that no container uses: those without a name, or with
// the filter dangling=false all.
func (i Images) Prune(ctx context.Context, filters types.Filters) (image.PruneReport, error) {
	query := url.Values{}
	setFilters(query, filters)
	return decode[image.PruneReport](i.post(ctx, "/images/prune", query, nil))
}

// Prune removes volumes that no container uses: those without a name, or with
// the filter all=true all.
func (v Volumes) Prune(ctx context.Context, filters types.Filters) (volume.PruneReport, error) {
	query := url.Values{}
	setFilters(query, filters)
	return decode[volume.PruneReport](v.post(ctx, "/volumes/prune", query, nil))
}

// Prune removes networks that no container uses.
func (n Networks) Prune(ctx context.Context, filters types.Filters) (network.PruneReport, error) {
	query := url.Values{}
	setFilters(query, filters)
	return decode[network.PruneReport](n.post(ctx, "/networks/prune", query, nil))
}
