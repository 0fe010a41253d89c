package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/checkpoint"

	"github.com/callroute/callroute/engine/api/types"
)

// CheckpointCreate writes a running container's state to disk.
func (c Containers) CheckpointCreate(ctx context.Context, name string, req checkpoint.CreateRequest) error {
	return done(c.post(ctx, "/containers/"+segment(name)+"/checkpoints", nil, req))
}

// CheckpointList lists a container's checkpoints.
func (c Containers) CheckpointList(ctx context.Context, name string, opts types.CheckpointOptions) ([]checkpoint.Summary, error) {
	return decode[[]checkpoint.Summary](c.get(ctx, "/containers/"+segment(name)+"/checkpoints", checkpointQuery(opts)))
}

// CheckpointRemove removes a checkpoint.
func (c Containers) CheckpointRemove(ctx context.Context, name, checkpointID string, opts types.CheckpointOptions) error {
	return done(c.delete(ctx, "/containers/"+segment(name)+"/checkpoints/"+segment(checkpointID), checkpointQuery(opts)))
}

func checkpointQuery(opts types.CheckpointOptions) url.Values {
	query := url.Values{}
	set(query, "dir", opts.Dir)
	return query
}
