package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/container"
)

// StatsMode is how often a container's use of resources is measured.
type StatsMode string

const (
	// StatsStream is once a second, until the Lines are closed.
	StatsStream StatsMode = "1"
	// StatsOnce is once, with the reading of a second before.
	StatsOnce StatsMode = "0"
)

// Stats measures what a container uses.
func (c Containers) Stats(ctx context.Context, name string, mode StatsMode) (*Lines[container.StatsResponse], error) {
	query := url.Values{"stream": {string(mode)}}
	return lines[container.StatsResponse](c.get(ctx, "/containers/"+segment(name)+"/stats", query))
}
