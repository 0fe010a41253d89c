package client

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
)

// Inspect is all that the daemon tells of a container, and the answer's own
// bytes. With size its disk usage is measured too.
func (c Containers) Inspect(ctx context.Context, name string, size bool) (types.Container, json.RawMessage, error) {
	query := url.Values{}
	flag(query, "size", size)
	return decodeRaw[types.Container](c.get(ctx, "/containers/"+segment(name)+"/json", query))
}

// Inspect is all that the daemon tells of an image.
func (i Images) Inspect(ctx context.Context, name string) (image.InspectResponse, json.RawMessage, error) {
	return decodeRaw[image.InspectResponse](i.get(ctx, "/images/"+segment(name)+"/json", nil))
}

// Inspect is all that the daemon tells of a volume.
func (v Volumes) Inspect(ctx context.Context, name string) (volume.Volume, json.RawMessage, error) {
	return decodeRaw[volume.Volume](v.get(ctx, "/volumes/"+segment(name), nil))
}

// Inspect is all that the daemon tells of a network.
func (n Networks) Inspect(ctx context.Context, name string) (network.Inspect, json.RawMessage, error) {
	return decodeRaw[network.Inspect](n.get(ctx, "/networks/"+segment(name), nil))
}
