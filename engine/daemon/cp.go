package daemon

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/archive"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/mounts"
	"github.com/callroute/callroute/engine/daemon/spec"
	"github.com/callroute/callroute/engine/errdefs"
)

// Archives copy files out of containers and into them.
type Archives struct{ *core }

// Stat tells what a path in a container is.
func (a *Archives) Stat(ctx context.Context, name, path string) (stat container.PathStat, err error) {
	c, err := a.containers.Get(name)
	if err != nil {
		return stat, err
	}
	err = a.withFiles(ctx, c, name, func(root archive.Root) error {
		stat, err = root.Stat(path)
		return err
	})
	return stat, err
}

// CopyFrom is a tar of a path in a container.
func (a *Archives) CopyFrom(ctx context.Context, name, path string) (stat container.PathStat, tar io.ReadCloser, err error) {
	c, err := a.containers.Get(name)
	if err != nil {
		return stat, nil, err
	}
	ready := make(chan error, 1)
	read, write := io.Pipe()
	go func() {
		opened := false
		err := a.withFiles(ctx, c, name, func(root archive.Root) error {
			var packed io.ReadCloser
			var err error
			if stat, packed, err = root.Pack(ctx, path); err != nil {
				return err
			}
			defer packed.Close()
			opened = true
			ready <- nil
			_, err = io.Copy(write, packed)
			return err
		})
		write.CloseWithError(err)
		if !opened {
			ready <- err
		}
	}()
	if err := <-ready; err != nil {
		return stat, nil, err
	}
	a.tell(events.ActionArchivePath, c.Snapshot(), nil)
	return stat, read, nil
}

// CopyTo unpacks a tar in a folder of a container.
func (a *Archives) CopyTo(ctx context.Context, name string, o types.CopyToOptions, tar io.Reader) error {
	c, err := a.containers.Get(name)
	if err != nil {
		return err
	}
	r := c.Snapshot()
	if r.HostConfig.ReadonlyRootfs && mountOf(r, o.Path) == nil {
		return errdefs.Forbidden("container rootfs is marked read-only")
	}
	if m := mountOf(r, o.Path); m != nil && !m.RW {
		return errdefs.Forbidden("mounted volume is marked read-only")
	}
	err = a.withFiles(ctx, c, name, func(root archive.Root) error {
		options := archive.Options{NoOverwriteDirNonDir: o.NoOverwriteDirNonDir}
		if o.CopyUIDGID {
			who, err := spec.User(root.Dir, r.Config.User, nil)
			if err != nil {
				return err
			}
			options.Owner = &archive.Owner{UID: int(who.UID), GID: int(who.GID)}
		}
		return root.Unpack(ctx, o.Path, options, tar)
	})
	if err == nil {
		a.tell(events.ActionExtractToDir, r, nil)
	}
	return err
}

// mountOf is the mount that a path is in, nil if it is in the container's own
// files.
func mountOf(r ours.Record, path string) *mounts.Point {
	var in *mounts.Point
	for i, m := range r.Mounts {
		if path != m.Destination && !strings.HasPrefix(path, m.Destination+"/") {
			continue
		}
		if in == nil || len(m.Destination) > len(in.Destination) {
			in = &r.Mounts[i]
		}
	}
	return in
}

// withFiles calls f with a container's file system: that of its first process,
// or, while it does not run, its snapshot with its volumes.
func (a *Archives) withFiles(ctx context.Context, c *ours.Container, name string, f func(archive.Root) error) error {
	done, err := c.Operate(ctx)
	if err != nil {
		return err
	}
	r := c.Snapshot()
	if r.State.Running() {
		done() // what is copied may take long, and the process keeps its files
		return f(archive.Root{Dir: filepath.Join("/proc", strconv.Itoa(r.State.Pid), "root"), Container: name})
	}
	defer done()
	return a.withRoot(ctx, c.ID, func(root string) error {
		return withVolumes(root, r.Mounts, func() error {
			return f(archive.Root{Dir: root, Container: name})
		})
	})
}

// withVolumes calls f while a container's volumes and folders of the host are
// mounted in its root. A place that the root lacks, or that leads out of it, is
// left out.
func withVolumes(root string, points []mounts.Point, f func() error) (err error) {
	for _, m := range points {
		if m.Source == "" {
			continue
		}
		target, joinErr := securejoin.SecureJoin(root, m.Destination)
		if joinErr != nil {
			return joinErr
		}
		from, statErr := os.Stat(m.Source)
		at, targetErr := os.Lstat(target)
		if statErr != nil || targetErr != nil || from.IsDir() != at.IsDir() {
			continue
		}
		if err := unix.Mount(m.Source, target, "", unix.MS_BIND, ""); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unix.Unmount(target, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)) }()
	}
	return f()
}
