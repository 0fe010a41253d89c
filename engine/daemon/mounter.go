package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/log"
	pathrs "github.com/cyphar/filepath-securejoin/pathrs-lite"
	api "github.com/moby/moby/api/types/mount"
	"golang.org/x/sys/unix"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/mounts"
	"github.com/callroute/callroute/engine/errdefs"
)

// mounter makes what a container is to see and what is no folder of the host
// yet: volumes that are of a device or of memory, images, and parts of both.
//
// What is at a path in a volume is its containers' doing, who may make it a link
// to anywhere, at any time. So it is opened within the volume, and what was opened
// is mounted at a place of the engine's own, which the runtime is told.
type mounter struct{ *core }

func (d *mounter) dir(id string) string { return filepath.Join(d.ExecRoot, "mounts", id) }

// open is a container's mounts, each with the place where it is to be seen.
func (d *mounter) open(ctx context.Context, r ours.Record) ([]mounts.Point, error) {
	points := slices.Clone(r.Mounts)
	for i := range points {
		if err := d.make(ctx, r.ID, i, &points[i]); err != nil {
			return nil, errors.Join(err, d.remove(r.ID))
		}
	}
	return points, nil
}

// make mounts what one of them needs. Its number names its places.
func (d *mounter) make(ctx context.Context, id string, number int, p *mounts.Point) (err error) {
	switch p.Type {
	case api.TypeVolume:
		err = d.Volumes.Mount(p.Name, id)
	case api.TypeImage:
		p.Source = filepath.Join(d.dir(id), strconv.Itoa(number)+"-image")
		err = d.image(ctx, p.Image, p.Source)
	}
	if err == nil && p.Subpath != "" {
		p.Source, err = d.part(filepath.Join(d.dir(id), strconv.Itoa(number)), *p)
	}
	return err
}

// image mounts an image's filesystem, which nobody can write to.
func (d *mounter) image(ctx context.Context, id, at string) error {
	if err := os.MkdirAll(at, 0o700); err != nil {
		return err
	}
	view, err := d.Images.View(ctx, id)
	if err != nil {
		return err
	}
	return mount.All(view, at)
}

// part mounts a part of a volume or image.
func (d *mounter) part(at string, p mounts.Point) (string, error) {
	part, err := pathrs.OpenInRoot(p.Source, p.Subpath)
	if err != nil {
		return "", errdefs.Invalid("cannot access path %s: %w", filepath.Join(p.Source, p.Subpath), err)
	}
	defer part.Close()
	info, err := part.Stat()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		return "", err
	}
	if info.IsDir() {
		err = os.Mkdir(at, 0o700)
	} else {
		err = os.WriteFile(at, nil, 0o600)
	}
	if err != nil {
		return "", err
	}
	from := fmt.Sprintf("/proc/self/fd/%d", part.Fd())
	if err := unix.Mount(from, at, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return "", fmt.Errorf("mount %s of %s %s: %w", p.Subpath, p.Type, p.Name, err)
	}
	return at, nil
}

// close takes down what open has mounted.
func (d *mounter) close(id string) {
	if err := d.remove(id); err != nil {
		log.L.WithError(err).Warnf("mounts of container %s stay", id)
	}
}

func (d *mounter) remove(id string) error {
	err := d.Volumes.Unmount(id)
	if _, statErr := os.Lstat(d.dir(id)); errors.Is(statErr, fs.ErrNotExist) {
		return err
	}
	if mountErr := mount.UnmountRecursive(d.dir(id), unix.MNT_DETACH); mountErr != nil {
		return errors.Join(err, mountErr)
	}
	return errors.Join(err, os.RemoveAll(d.dir(id))) // nothing is mounted there: it removes no volume's files
}

// tidy takes down what containers that do not run have left mounted, and notes
// what those that run have.
func (d *mounter) tidy(running func(id string) bool) {
	entries, err := os.ReadDir(filepath.Join(d.ExecRoot, "mounts"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		quiet(err)
	}
	for _, e := range entries {
		if !running(e.Name()) {
			d.close(e.Name())
		}
	}
	for _, c := range d.containers.All() {
		for _, p := range c.Snapshot().Mounts {
			if p.Type == api.TypeVolume && running(c.ID) {
				quiet(d.Volumes.Mount(p.Name, c.ID))
			}
		}
	}
	quiet(d.Volumes.Tidy())
}
