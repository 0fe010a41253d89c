package client

import (
	"context"
	"net/url"
	"strconv"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// List lists containers, the newest first.
func (c Containers) List(ctx context.Context, opts types.ListOptions) ([]container.Summary, error) {
	query := url.Values{}
	flag(query, "all", opts.All)
	flag(query, "size", opts.Size)
	if opts.Limit > 0 {
		query.Set("limit", strconv.Itoa(opts.Limit))
	}
	setFilters(query, opts.Filters)
	return decode[[]container.Summary](c.get(ctx, "/containers/json", query))
}
