package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/moby/moby/api/types/jsonstream"

	"github.com/callroute/callroute/engine/api/types"
)

// Pull fetches an image from a registry. Repository is its name with the
// registry's; the tag may be a digest; an empty one is all tags.
func (i Images) Pull(ctx context.Context, repository, tag string, opts types.ImagePullOptions) (*Lines[jsonstream.Message], error) {
	query := url.Values{"fromImage": {repository}}
	set(query, "tag", tag)
	set(query, "platform", strings.ToLower(opts.Platform))
	header := http.Header{}
	if opts.RegistryAuth != "" {
		header.Set("X-Registry-Auth", opts.RegistryAuth)
	}
	return lines[jsonstream.Message](i.request(ctx, http.MethodPost, "/images/create", payload{query: query, header: header}))
}
