package images

import (
	"context"

	"github.com/containerd/containerd/v2/core/mount"
)

// Mounts is how to mount the filesystem that Prepare made.
func (s *filesystems) Mounts(ctx context.Context, key string) ([]mount.Mount, error) {
	return s.Snapshots.Mounts(ctx, key)
}
