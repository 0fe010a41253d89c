package client

import (
	"context"
	"net/url"
)

// Tag gives an image one more name.
func (i Images) Tag(ctx context.Context, name, repository, tag string) error {
	query := url.Values{"repo": {repository}}
	set(query, "tag", tag)
	return done(i.post(ctx, "/images/"+segment(name)+"/tag", query, nil))
}
