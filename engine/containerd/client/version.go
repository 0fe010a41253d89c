package client

import (
	"context"

	versionapi "github.com/containerd/containerd/api/services/version/v1"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Version is containerd's.
func (c *Client) Version(ctx context.Context) (version, revision string, err error) {
	resp, err := versionapi.NewVersionClient(c.conn).Version(ctx, &emptypb.Empty{})
	if err != nil {
		return "", "", failed(err)
	}
	return resp.Version, resp.Revision, nil
}
