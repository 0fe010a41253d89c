package images

import (
	"context"

	"github.com/moby/moby/api/types/image"
	"github.com/opencontainers/go-digest"
)

// Usage is how many bytes a container has written to the filesystem that
// Prepare made.
func (s *filesystems) Usage(ctx context.Context, key string) (int64, error) {
	info, err := s.Snapshots.Stat(ctx, key)
	if err != nil {
		return 0, err
	}
	return s.snapshotSize(ctx, info)
}

// DiskUsage is every image with its size, what of it others share, and how many
// containers were made from it.
func (s *catalog) DiskUsage(ctx context.Context) (image.DiskUsage, error) {
	all, err := s.all(ctx)
	if err != nil {
		return image.DiskUsage{}, err
	}
	sharers := map[digest.Digest]int{}
	for _, i := range all {
		for _, chain := range i.manifest.chains {
			sharers[chain]++
		}
	}
	usage := image.DiskUsage{TotalCount: int64(len(all))}
	counted := map[digest.Digest]bool{}
	for _, i := range all {
		sizes, err := s.layerSizes(ctx, i.manifest)
		if err != nil {
			return image.DiskUsage{}, err
		}
		item := i.summary()
		item.Containers, item.SharedSize, item.Size = int64(len(s.Users(i.ID))), 0, 0
		for n, chain := range i.manifest.chains {
			item.Size += sizes[n]
			if sharers[chain] > 1 {
				item.SharedSize += sizes[n]
			}
			if !counted[chain] {
				counted[chain] = true
				usage.TotalSize += sizes[n]
			}
		}
		if item.Containers > 0 {
			usage.ActiveCount++
		} else {
			usage.Reclaimable += item.Size - item.SharedSize
		}
		usage.Items = append(usage.Items, item)
	}
	return usage, nil
}
