package client

import (
	"context"
	"net/url"

	"github.com/callroute/callroute/engine/api/types"
)

// Attach joins a container's streams.
func (c Containers) Attach(ctx context.Context, name string, opts types.AttachOptions) (*Stream, error) {
	query := url.Values{}
	flag(query, "logs", opts.Logs)
	flag(query, "stream", opts.Stream)
	flag(query, "stdin", opts.Stdin)
	flag(query, "stdout", opts.Stdout)
	flag(query, "stderr", opts.Stderr)
	set(query, "detachKeys", opts.DetachKeys)
	return c.hijack(ctx, "/containers/"+segment(name)+"/attach", query, nil)
}
