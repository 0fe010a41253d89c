package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/moby/moby/api/types/jsonstream"

	"github.com/callroute/callroute/engine/api/types"
)

// Import makes an image of one layer from an archive of a file tree.
func (i Images) Import(ctx context.Context, tar io.Reader, opts types.ImageImportOptions) (*Lines[jsonstream.Message], error) {
	query := url.Values{"fromSrc": {"-"}}
	set(query, "repo", opts.Repository)
	set(query, "tag", opts.Tag)
	set(query, "message", opts.Message)
	set(query, "platform", opts.Platform)
	for _, change := range opts.Changes {
		query.Add("changes", change)
	}
	return lines[jsonstream.Message](i.request(ctx, http.MethodPost, "/images/create", payload{query: query, upload: tar}))
}
