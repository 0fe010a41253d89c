package client

import (
	"context"

	"github.com/callroute/callroute/engine/api/types"
)

// Restart stops a container, if it runs, and starts it.
func (c Containers) Restart(ctx context.Context, name string, opts types.StopOptions) error {
	return done(c.post(ctx, "/containers/"+segment(name)+"/restart", stopQuery(opts), nil))
}
