package daemon

import (
	"context"
	"errors"
	"io"

	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/archive"
)

// Export writes a container's files as an archive: the image's and its own,
// without what is mounted.
func (a *Archives) Export(ctx context.Context, name string, open types.OpenWriter) error {
	c, err := a.containers.Get(name)
	if err != nil {
		return err
	}
	mounts, err := a.Images.Mounts(ctx, c.ID)
	if err != nil {
		return err
	}
	return archive.View(ctx, mounts, func(dir string) error {
		tar, err := archive.Root{Dir: dir, Container: name}.PackAll(ctx)
		if err != nil {
			return err
		}
		_, err = io.Copy(open(types.Raw), tar)
		a.tell(events.ActionExport, c.Snapshot(), nil)
		return errors.Join(err, tar.Close())
	})
}
