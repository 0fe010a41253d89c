package client

import (
	"context"
	"net/url"
	"strconv"

	"github.com/callroute/callroute/engine/api/types"
)

// Resize changes the size of a container's terminal.
func (c Containers) Resize(ctx context.Context, name string, opts types.ResizeOptions) error {
	return done(c.post(ctx, "/containers/"+segment(name)+"/resize", sizeQuery(opts), nil))
}

// Resize changes the size of an exec's terminal.
func (e Execs) Resize(ctx context.Context, execID string, opts types.ResizeOptions) error {
	return done(e.post(ctx, "/exec/"+segment(execID)+"/resize", sizeQuery(opts), nil))
}

func sizeQuery(opts types.ResizeOptions) url.Values {
	return url.Values{
		"h": {strconv.Itoa(int(opts.Height))},
		"w": {strconv.Itoa(int(opts.Width))},
	}
}
