package client

import (
	"context"
	"io"
	"net/url"

	"github.com/callroute/callroute/engine/api/types"
)

// Logs is what a container has written: in frames unless it has a terminal.
func (c Containers) Logs(ctx context.Context, name string, opts types.LogsOptions) (io.ReadCloser, error) {
	query := url.Values{}
	flag(query, "stdout", opts.Stdout)
	flag(query, "stderr", opts.Stderr)
	flag(query, "follow", opts.Follow)
	flag(query, "timestamps", opts.Timestamps)
	flag(query, "details", opts.Details)
	set(query, "since", opts.Since)
	set(query, "until", opts.Until)
	set(query, "tail", opts.Tail)
	return body(c.get(ctx, "/containers/"+segment(name)+"/logs", query))
}
