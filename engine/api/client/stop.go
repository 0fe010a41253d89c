package client

import (
	"context"
	"net/url"
	"strconv"

	"github.com/callroute/callroute/engine/api/types"
)

// Stop ends a container's process by a signal, and after a time by SIGKILL.
// It is no error that the container does not run.
func (c Containers) Stop(ctx context.Context, name string, opts types.StopOptions) error {
	return done(c.post(ctx, "/containers/"+segment(name)+"/stop", stopQuery(opts), nil))
}

func stopQuery(opts types.StopOptions) url.Values {
	query := url.Values{}
	set(query, "signal", opts.Signal)
	if opts.Timeout != nil {
		query.Set("t", strconv.Itoa(*opts.Timeout))
	}
	return query
}
