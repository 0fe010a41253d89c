package images

import (
	"context"

	cerrdefs "github.com/containerd/errdefs"
)

// Release removes the filesystem that Prepare made. It is no error if there is
// none. Its files go a moment later.
func (s *filesystems) Release(ctx context.Context, key string) error {
	if err := s.Snapshots.Remove(ctx, key); err != nil && !cerrdefs.IsNotFound(err) {
		return err
	}
	s.collectSoon(ctx)
	return nil
}
