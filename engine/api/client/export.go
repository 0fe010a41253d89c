package client

import (
	"context"
	"io"
)

// Export is a container's files as a tar archive.
func (c Containers) Export(ctx context.Context, name string) (io.ReadCloser, error) {
	resp, err := c.get(ctx, "/containers/"+segment(name)+"/export", nil)
	if err != nil {
		return nil, err
	}
	return resp.body, nil
}
