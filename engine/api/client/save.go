package client

import (
	"context"
	"io"
	"net/url"
)

// Save is an archive of images.
func (i Images) Save(ctx context.Context, names []string) (io.ReadCloser, error) {
	return body(i.get(ctx, "/images/get", url.Values{"names": names}))
}
