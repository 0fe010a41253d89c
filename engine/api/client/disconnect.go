package client

import (
	"context"

	"github.com/moby/moby/api/types/network"
)

// Disconnect takes a container out of a network.
func (n Networks) Disconnect(ctx context.Context, name string, req network.DisconnectRequest) error {
	return done(n.post(ctx, "/networks/"+segment(name)+"/disconnect", nil, req))
}
