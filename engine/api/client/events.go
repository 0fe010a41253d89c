package client

import (
	"context"
	"net/url"

	"github.com/callroute/callroute/engine/api/types"
)

// Event is something that happened. The first three fields are older names
// for what is in the others.
type Event struct {
	Status string `json:"status,omitempty"`
	ID     string `json:"id,omitempty"`
	From   string `json:"from,omitempty"`
	types.Event
}

// Events tells what happened since opts.Since and what happens until
// opts.Until, or until the Lines are closed.
func (s System) Events(ctx context.Context, opts types.EventsOptions) (*Lines[Event], error) {
	query := url.Values{}
	set(query, "since", opts.Since)
	set(query, "until", opts.Until)
	setFilters(query, opts.Filters)
	return lines[Event](s.get(ctx, "/events", query))
}
