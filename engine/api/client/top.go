package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/container"
)

// Top lists a container's processes as ps with these arguments shows them.
func (c Containers) Top(ctx context.Context, name, psArgs string) (container.TopResponse, error) {
	query := url.Values{}
	set(query, "ps_args", psArgs)
	return decode[container.TopResponse](c.get(ctx, "/containers/"+segment(name)+"/top", query))
}
