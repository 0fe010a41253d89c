package images

import (
	"context"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/core/snapshots"
	cerrdefs "github.com/containerd/errdefs"

	"github.com/callroute/callroute/engine/errdefs"
)

// gcRoot keeps a snapshot, and those below it, until it is removed by name.
const gcRoot = "containerd.io/gc.root"

// Prepare makes the filesystem of a new container: a snapshot named key that can
// be written, on top of an image's layers. It stays until Release, also when the
// image is removed.
func (s *filesystems) Prepare(ctx context.Context, i Image, key string) ([]mount.Mount, error) {
	if i.manifest == nil {
		return nil, errdefs.Invalid("no image to make a filesystem from")
	}
	mounts, err := s.prepare(ctx, i, key)
	if !cerrdefs.IsNotFound(err) {
		return mounts, err
	}
	// Another client of containerd brought the image, or it was removed since.
	ctx, in, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer in.end(ctx)
	if err := in.unpack(ctx, i.manifest, nil); err != nil {
		return nil, err
	}
	return s.prepare(ctx, i, key)
}

// prepare asks until it is answered, whoever goes away meanwhile: what containerd
// is about to make is not there yet to be removed.
func (s *filesystems) prepare(ctx context.Context, i Image, key string) ([]mount.Mount, error) {
	ctx = context.WithoutCancel(ctx)
	kept := snapshots.WithLabels(map[string]string{gcRoot: time.Now().UTC().Format(time.RFC3339)})
	return s.Snapshots.Prepare(ctx, key, i.manifest.chain(), kept)
}
