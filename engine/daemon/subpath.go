package daemon

import (
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
	"golang.org/x/sys/unix"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/mounts"
	"github.com/callroute/callroute/engine/errdefs"
)

// subpaths are the parts of volumes that containers have instead of the whole.
//
// What is at a path in a volume is its containers' doing, who may make it a link
// to anywhere, at any time. So it is opened within the volume, and what was opened
// is mounted at a place of the engine's own, which the runtime is told.
type subpaths struct{ *core }

func (d *subpaths) dir(id string) string { return filepath.Join(d.ExecRoot, "subpaths", id) }

// open is a container's mounts, with parts of volumes at places of the engine's
// own.
func (d *subpaths) open(r ours.Record) ([]mounts.Point, error) {
	points := slices.Clone(r.Mounts)
	for i, p := range points {
		if p.Subpath == "" {
			continue
		}
		at, err := d.mount(r.ID, i, p)
		if err != nil {
			return nil, errors.Join(err, d.remove(r.ID))
		}
		points[i].Source = at
	}
	return points, nil
}

func (d *subpaths) mount(id string, number int, p mounts.Point) (at string, err error) {
	part, err := pathrs.OpenInRoot(p.Source, p.Subpath)
	if err != nil {
		return "", errdefs.Invalid("cannot access path %s: %w", filepath.Join(p.Source, p.Subpath), err)
	}
	defer part.Close()
	info, err := part.Stat()
	if err != nil {
		return "", err
	}
	at = filepath.Join(d.dir(id), strconv.Itoa(number))
	if err := os.MkdirAll(d.dir(id), 0o700); err != nil {
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
		return "", fmt.Errorf("mount %s of volume %s: %w", p.Subpath, p.Name, err)
	}
	return at, nil
}

// close takes down what open has mounted.
func (d *subpaths) close(id string) {
	if err := d.remove(id); err != nil {
		log.L.WithError(err).Warnf("parts of volumes of container %s stay mounted", id)
	}
}

func (d *subpaths) remove(id string) error {
	if _, err := os.Lstat(d.dir(id)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := mount.UnmountRecursive(d.dir(id), unix.MNT_DETACH); err != nil {
		return err
	}
	return os.RemoveAll(d.dir(id)) // nothing is mounted there: it removes no volume's files
}

// tidy takes down the parts of containers that do not run.
func (d *subpaths) tidy(running func(id string) bool) {
	entries, err := os.ReadDir(filepath.Join(d.ExecRoot, "subpaths"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		quiet(err)
	}
	for _, e := range entries {
		if !running(e.Name()) {
			d.close(e.Name())
		}
	}
}
