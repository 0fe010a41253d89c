package client

import (
	"context"
	"net/url"
)

// Kill sends a signal to a container's process; an empty one is SIGKILL.
func (c Containers) Kill(ctx context.Context, name, signal string) error {
	query := url.Values{}
	set(query, "signal", signal)
	return done(c.post(ctx, "/containers/"+segment(name)+"/kill", query, nil))
}
