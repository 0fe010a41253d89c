package client

import (
	"context"
	"net/url"
	"strconv"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// Commit makes an image of a container.
func (a Archives) Commit(ctx context.Context, name string, opts types.CommitOptions) (container.CommitResponse, error) {
	query := url.Values{"container": {name}}
	set(query, "repo", opts.Repository)
	set(query, "tag", opts.Tag)
	set(query, "comment", opts.Comment)
	set(query, "author", opts.Author)
	if !opts.Pause {
		query.Set("pause", strconv.Itoa(0))
	}
	for _, change := range opts.Changes {
		query.Add("changes", change)
	}
	return decode[container.CommitResponse](a.post(ctx, "/commit", query, opts.Config))
}
