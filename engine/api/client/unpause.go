package client

import "context"

// Unpause lets a paused container go on.
func (c Containers) Unpause(ctx context.Context, name string) error {
	return done(c.post(ctx, "/containers/"+segment(name)+"/unpause", nil, nil))
}
