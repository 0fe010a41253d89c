package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
)

// DiskUsage lists everything on disk, as API versions until 1.51 do.
type DiskUsage struct {
	LayersSize int64 // of all images together, each layer once
	Images     []image.Summary
	Containers []container.Summary
	Volumes    []volume.Volume
	BuildCache []build.CacheRecord
}

// DiskUsage measures what is on disk.
func (s System) DiskUsage(ctx context.Context, opts types.DiskUsageOptions) (DiskUsage, error) {
	return decode[DiskUsage](s.get(ctx, "/system/df", url.Values{"type": opts.Types}))
}
