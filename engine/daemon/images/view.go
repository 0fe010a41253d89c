package images

import (
	"context"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/google/uuid"
)

// View is how to mount an image's filesystem for reading. The mounts lead to the
// image's layers alone: they hold as long as the image is there.
func (s *filesystems) View(ctx context.Context, id string) ([]mount.Mount, error) {
	i, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	ctx, in, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer in.end(ctx)
	if err := in.unpack(ctx, i.manifest, nil); err != nil {
		return nil, err
	}
	key := "view-" + uuid.New().String()
	view, err := s.Snapshots.View(ctx, key, i.manifest.chain())
	if err != nil {
		return nil, err
	}
	return view, s.Snapshots.Remove(ctx, key)
}
