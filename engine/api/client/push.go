package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/moby/moby/api/types/jsonstream"

	"github.com/callroute/callroute/engine/api/types"
)

// Push sends an image to the registry of its name; without a tag every tag of
// the repository.
func (i Images) Push(ctx context.Context, repository, tag string, opts types.ImagePushOptions) (*Lines[jsonstream.Message], error) {
	query := url.Values{}
	set(query, "tag", tag)
	set(query, "platform", opts.Platform)
	header := http.Header{}
	header.Set("X-Registry-Auth", opts.RegistryAuth)
	return lines[jsonstream.Message](i.request(ctx, http.MethodPost, "/images/"+segment(repository)+"/push", payload{query: query, header: header}))
}
