package client

import (
	"context"
	"net/url"
)

// Rename gives a container another name.
func (c Containers) Rename(ctx context.Context, name, newName string) error {
	query := url.Values{"name": {newName}}
	return done(c.post(ctx, "/containers/"+segment(name)+"/rename", query, nil))
}
