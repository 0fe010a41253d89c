package client

import (
	"context"
	"io"
)

// Export is a container's files as a tar archive.
func (a Archives) Export(ctx context.Context, name string) (io.ReadCloser, error) {
	resp, err := a.get(ctx, "/containers/"+segment(name)+"/export", nil)
	if err != nil {
		return nil, err
	}
	return resp.body, nil
}
