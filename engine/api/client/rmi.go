package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/image"

	"github.com/callroute/callroute/engine/api/types"
)

// Remove takes a name from an image, and removes the image with its last one.
func (i Images) Remove(ctx context.Context, name string, opts types.ImageRemoveOptions) ([]image.DeleteResponse, error) {
	query := url.Values{}
	flag(query, "force", opts.Force)
	flag(query, "noprune", opts.NoPrune)
	return decode[[]image.DeleteResponse](i.delete(ctx, "/images/"+segment(name), query))
}
