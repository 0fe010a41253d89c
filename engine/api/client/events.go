package client

import (
	"context"
	"net/url"

	"github.com/callroute/callroute/engine/api/types"
)

// Events tells what happened since opts.Since and what happens until
// opts.Until, or until the Lines are closed.
func (s System) Events(ctx context.Context, opts types.EventsOptions) (*Lines[types.Event], error) {
	query := url.Values{}
	set(query, "since", opts.Since)
	set(query, "until", opts.Until)
	setFilters(query, opts.Filters)
	return lines[types.Event](s.get(ctx, "/events", query))
}
