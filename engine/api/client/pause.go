package client

import "context"

// Pause stops a container's processes where they are.
func (c Containers) Pause(ctx context.Context, name string) error {
	return done(c.post(ctx, "/containers/"+segment(name)+"/pause", nil, nil))
}
