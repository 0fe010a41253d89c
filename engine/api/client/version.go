package client

import (
	"context"

	"github.com/moby/moby/api/types/system"
)

// Version tells the versions of the engine's parts.
func (s System) Version(ctx context.Context) (system.VersionResponse, error) {
	return decode[system.VersionResponse](s.get(ctx, "/version", nil))
}
