package client

import (
	"context"
	"net/url"

	"github.com/callroute/callroute/engine/api/types"
)

// Remove removes a container.
func (c Containers) Remove(ctx context.Context, name string, opts types.RemoveOptions) error {
	query := url.Values{}
	flag(query, "force", opts.Force)
	flag(query, "v", opts.Volumes)
	return done(c.delete(ctx, "/containers/"+segment(name), query))
}

// Remove removes a volume; a forced one may be missing.
func (v Volumes) Remove(ctx context.Context, name string, force bool) error {
	query := url.Values{}
	flag(query, "force", force)
	return done(v.delete(ctx, "/volumes/"+segment(name), query))
}

// Remove removes a network in which no container is.
func (n Networks) Remove(ctx context.Context, name string) error {
	return done(n.delete(ctx, "/networks/"+segment(name), nil))
}
