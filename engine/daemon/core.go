package daemon

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/log"
	api "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"golang.org/x/sys/unix"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/daemon/container"
)

// core is what every part of the daemon works on: the containers, and what is
// told of them.
type core struct {
	Config
	containers *container.Store
	states     *stateCounter
	runtimes   *runtimes

	// background is done when the daemon ends: monitors of containers watch it.
	background context.Context
	end        context.CancelFunc
	monitors   sync.WaitGroup
}

// tell says that something happened to a container.
func (d *core) tell(action events.Action, r container.Record, more map[string]string) {
	attributes := map[string]string{"image": r.ImageName, "name": r.Name}
	for k, v := range r.Config.Labels {
		attributes[k] = v
	}
	for k, v := range more {
		attributes[k] = v
	}
	d.EventLog.Add(events.ContainerEventType, action, r.ID, attributes)
}

// change changes a container's record, keeps the counter of states in step, and
// says so if it could not be kept: it has happened all the same.
func (d *core) change(c *container.Container, f func(*container.Record)) {
	err := c.Set(func(r *container.Record) {
		f(r)
		d.states.set(r.ID, r.State.Status)
	})
	if err != nil {
		log.L.WithError(err).Errorf("state of container %s is not on disk", c.ID)
	}
}

// lost is the exit code of a container whose end nobody saw.
const lost = 255

// awaitExit waits for a process to end: a container's first one, or an exec.
// containerd may be restarted meanwhile. It is not ok when the daemon ends first.
func (d *core) awaitExit(id, execID string) (exit ctypes.Exit, ok bool) {
	for delay := 10 * time.Millisecond; ; delay = min(2*delay, time.Second) {
		exit, err := d.Containerd.Wait(d.background, id, execID)
		switch {
		case d.background.Err() != nil:
			return exit, false
		case err == nil:
			return exit, true
		case cerrdefs.IsNotFound(err):
			return ctypes.Exit{Status: lost, At: time.Now()}, true
		}
		log.L.WithError(err).Debugf("waiting for container %s again", id)
		select {
		case <-time.After(delay):
		case <-d.background.Done():
			return exit, false
		}
	}
}

// removeTask removes the task of a container that has ended. If that fails, as
// when a process on the way was killed, what may be left of it is ended first.
func (d *core) removeTask(ctx context.Context, id string) error {
	_, err := d.Containerd.Remove(ctx, id, "")
	if err == nil || cerrdefs.IsNotFound(err) {
		return nil
	}
	log.G(ctx).WithError(err).Debugf("removing the task of container %s again", id)
	if d.Containerd.Kill(ctx, id, "", int(unix.SIGKILL), ctypes.KillAll) == nil {
		_, _ = d.Containerd.Wait(ctx, id, "")
	}
	_, err = d.Containerd.Remove(ctx, id, "")
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	return err
}

// withRoot calls f with the root file system of a container that does not run.
func (d *core) withRoot(ctx context.Context, id string, f func(root string) error) error {
	mounts, err := d.Images.Mounts(ctx, id)
	if err != nil {
		return err
	}
	dir := filepath.Join(d.ExecRoot, "mnt")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.MkdirTemp(dir, id[:12]+"-")
	if err != nil {
		return err
	}
	defer os.Remove(root)
	if err := mount.All(mounts, root); err != nil {
		return errors.Join(err, mount.UnmountMounts(mounts, root, 0))
	}
	err = f(root)
	return errors.Join(err, mount.UnmountMounts(mounts, root, 0))
}

// fifoDir holds the streams of all processes.
func (d *core) fifoDir() string { return filepath.Join(d.ExecRoot, "io") }

// hostnameOf is a container's configuration with the names that its network
// has: those of another container, if it is that one's.
func (d *core) hostnameOf(r container.Record) *api.Config {
	mode := r.HostConfig.NetworkMode
	if !mode.IsContainer() {
		return r.Config
	}
	other, err := d.containers.Get(mode.ConnectedContainer())
	if err != nil {
		return r.Config
	}
	from := other.Snapshot().Config
	config := *r.Config
	config.Hostname, config.Domainname = from.Hostname, from.Domainname
	return &config
}

// quiet is for what is done on the way out, where an error changes nothing.
func quiet(err error) {
	if err != nil {
		log.L.WithError(err).Debug("on the way out")
	}
}
