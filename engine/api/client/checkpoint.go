package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/checkpoint"

	"github.com/callroute/callroute/engine/api/types"
)

// Create writes a running container's state to disk.
func (c Checkpoints) Create(ctx context.Context, name string, req checkpoint.CreateRequest) error {
	return done(c.post(ctx, "/containers/"+segment(name)+"/checkpoints", nil, req))
}

// List lists a container's checkpoints.
func (c Checkpoints) List(ctx context.Context, name string, opts types.CheckpointOptions) ([]checkpoint.Summary, error) {
	return decode[[]checkpoint.Summary](c.get(ctx, "/containers/"+segment(name)+"/checkpoints", checkpointQuery(opts)))
}

// Remove removes a checkpoint.
func (c Checkpoints) Remove(ctx context.Context, name, checkpointID string, opts types.CheckpointOptions) error {
	return done(c.delete(ctx, "/containers/"+segment(name)+"/checkpoints/"+segment(checkpointID), checkpointQuery(opts)))
}

func checkpointQuery(opts types.CheckpointOptions) url.Values {
	query := url.Values{}
	set(query, "dir", opts.Dir)
	return query
}
