package client

import (
	"context"

	"github.com/moby/moby/api/types/network"
)

// Connect puts a container into a network.
func (n Networks) Connect(ctx context.Context, name string, req network.ConnectRequest) error {
	return done(n.post(ctx, "/networks/"+segment(name)+"/connect", nil, req))
}
