package daemon

import (
	"context"
	"slices"

	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/system"

	"github.com/callroute/callroute/engine/api/types"
)

// DiskUsage is what images, containers and volumes take.
func (d *about) DiskUsage(ctx context.Context, o types.DiskUsageOptions) (system.DiskUsage, error) {
	wanted := func(kind system.DiskUsageObject) bool {
		return len(o.Types) == 0 || slices.Contains(o.Types, string(kind))
	}
	var all system.DiskUsage
	var err error
	if wanted(system.ContainerObject) {
		if all.ContainerUsage, err = d.containerUsage(ctx); err != nil {
			return all, err
		}
	}
	if wanted(system.ImageObject) {
		usage, err := d.Images.DiskUsage(ctx)
		if err != nil {
			return all, err
		}
		all.ImageUsage = &usage
	}
	if wanted(system.VolumeObject) {
		usage, err := d.Volumes.DiskUsage(ctx)
		if err != nil {
			return all, err
		}
		all.VolumeUsage = &usage
	}
	if wanted(system.BuildCacheObject) {
		all.BuildCacheUsage = &build.DiskUsage{}
	}
	return all, nil
}

func (d *lister) containerUsage(ctx context.Context) (*container.DiskUsage, error) {
	usage := &container.DiskUsage{Items: []container.Summary{}}
	for _, c := range d.containers.All() {
		r := c.Snapshot()
		s := summary(r)
		var err error
		if s.SizeRw, s.SizeRootFs, err = d.sizes(ctx, r); err != nil {
			return nil, err
		}
		usage.Items = append(usage.Items, s)
		usage.TotalCount++
		usage.TotalSize += s.SizeRw
		if r.State.Running() {
			usage.ActiveCount++
		} else {
			usage.Reclaimable += s.SizeRw
		}
	}
	return usage, nil
}
