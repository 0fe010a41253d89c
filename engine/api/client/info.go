package client

import (
	"context"
	"encoding/json"

	"github.com/moby/moby/api/types/system"
)

// Info tells of the engine and of the machine it runs on.
func (s System) Info(ctx context.Context) (system.Info, json.RawMessage, error) {
	return decodeRaw[system.Info](s.get(ctx, "/info", nil))
}
