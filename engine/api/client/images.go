package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/image"

	"github.com/callroute/callroute/engine/api/types"
)

// List lists images.
func (i Images) List(ctx context.Context, opts types.ImageListOptions) ([]image.Summary, error) {
	query := url.Values{}
	flag(query, "all", opts.All)
	setFilters(query, opts.Filters)
	return decode[[]image.Summary](i.get(ctx, "/images/json", query))
}
