package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/containerd/log"
	"github.com/moby/moby/api/types/container"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// hostShm is the host's shared memory.
const hostShm = "/dev/shm"

// sharedMemory is what containers have in common by their IPC namespaces.
type sharedMemory struct{ *core }

// shmDir is where the shared memory of a shareable container is mounted on the
// host: others have it from there.
func (d *sharedMemory) shmDir(id string) string { return filepath.Join(d.ExecRoot, "shm", id) }

// openShm is the folder of the host that is a container's /dev/shm, "" if it has
// memory of its own or none. Of a shareable container it is mounted now.
func (d *sharedMemory) openShm(r ours.Record) (string, error) {
	if r.HostConfig.IpcMode.IsShareable() {
		dir := d.shmDir(r.ID)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", err
		}
		options := fmt.Sprintf("mode=1777,size=%d", r.HostConfig.ShmSize)
		if err := unix.Mount("shm", dir, "tmpfs", unix.MS_NOEXEC|unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
			return "", fmt.Errorf("mount shared memory: %w", err)
		}
		return dir, nil
	}
	return d.sharedShm(r)
}

// sharedShm is the shared memory that a container may have from the host or
// from another one.
func (d *sharedMemory) sharedShm(r ours.Record) (string, error) {
	mode := r.HostConfig.IpcMode
	switch {
	case mode.IsHost():
		return hostShm, nil
	case mode.IsShareable():
		return d.shmDir(r.ID), nil
	case mode.IsContainer():
		donor, err := d.donor(mode.Container(), "IPC")
		if err != nil {
			return "", err
		}
		if donor.ID == r.ID {
			return "", errdefs.Invalid("can't join IPC of container %s: it is the container itself", donor.ID)
		}
		dir, err := d.sharedShm(donor)
		if err == nil && dir == "" {
			err = errdefs.Invalid("can't join IPC of container %s: non-shareable IPC (hint: use IpcMode:shareable for the donor container)", donor.ID)
		}
		return dir, err
	}
	return "", nil
}

// closeShm takes down what openShm has mounted.
func (d *sharedMemory) closeShm(id string) {
	dir := d.shmDir(id)
	err := unix.Unmount(dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		log.L.WithError(err).Warnf("shared memory of container %s stays mounted", id)
		return
	}
	if err := os.Remove(dir); !errors.Is(err, fs.ErrNotExist) {
		quiet(err)
	}
}

// tidyShm takes down the shared memory of containers that do not run.
func (d *sharedMemory) tidyShm(running func(id string) bool) {
	entries, err := os.ReadDir(filepath.Join(d.ExecRoot, "shm"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		quiet(err)
	}
	for _, e := range entries {
		if !running(e.Name()) {
			d.closeShm(e.Name())
		}
	}
}

// joinNamespaces are the namespaces of other containers that this one shares.
func (d *sharedMemory) joinNamespaces(r ours.Record) (map[specs.LinuxNamespaceType]string, error) {
	join := map[specs.LinuxNamespaceType]string{}
	for _, ns := range []struct {
		kind specs.LinuxNamespaceType
		of   string // the container whose it is
		name string
		file string
	}{
		{specs.PIDNamespace, r.HostConfig.PidMode.Container(), "PID", "pid"},
		{specs.IPCNamespace, r.HostConfig.IpcMode.Container(), "IPC", "ipc"},
	} {
		if ns.of == "" {
			continue
		}
		donor, err := d.donor(ns.of, ns.name)
		if err != nil {
			return nil, err
		}
		join[ns.kind] = filepath.Join("/proc", strconv.Itoa(donor.State.Pid), "ns", ns.file)
	}
	return join, nil
}

// donor is a container that runs and whose namespace another is to join.
func (d *sharedMemory) donor(name, namespace string) (ours.Record, error) {
	c, err := d.containers.Get(name)
	if err != nil {
		return ours.Record{}, notTheImage(err)
	}
	r := c.Snapshot()
	switch {
	case r.State.Status == container.StateRestarting:
		return r, errdefs.Conflict("can't join %s of container %s: container is restarting", namespace, r.ID)
	case !r.State.Running():
		return r, errdefs.Conflict("can't join %s of container %s: container is not running", namespace, r.ID)
	}
	return r, nil
}
