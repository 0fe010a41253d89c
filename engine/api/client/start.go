package client

import (
	"context"
	"net/url"

	"github.com/callroute/callroute/engine/api/types"
)

// Start starts a container, from a checkpoint if one is named. It is no error
// that the container runs already.
func (c Containers) Start(ctx context.Context, name string, opts types.StartOptions) error {
	query := url.Values{}
	set(query, "checkpoint", opts.Checkpoint)
	set(query, "checkpoint-dir", opts.CheckpointDir)
	return done(c.post(ctx, "/containers/"+segment(name)+"/start", query, nil))
}
