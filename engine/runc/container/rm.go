package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"
)

// DeleteOptions are the options of Delete.
type DeleteOptions struct {
	// Force kills a container that runs, and is content with one that does not
	// exist.
	Force bool
}

// killTimeout is how long a killed init process may take to end. A process in
// the midst of disk access cannot be interrupted.
const killTimeout = 10 * time.Second

// Delete removes a container: its cgroups and its state folder.
func (r *Runtime) Delete(id string, o DeleteOptions) error {
	c, err := r.load(id)
	if errors.Is(err, libcontainer.ErrNotExist) {
		return deleteRemains(r, id, o)
	}
	if err != nil {
		return err
	}
	status, err := c.Status()
	if err != nil {
		return err
	}
	switch {
	case status == libcontainer.Stopped && !o.Force:
		return c.Destroy()
	case status == libcontainer.Created, o.Force:
		// Even a stopped container is killed by force: without a PID namespace
		// of its own it may have left processes in its cgroup.
		return killAndDestroy(c)
	default:
		return fmt.Errorf("cannot delete container %s that is not stopped: %s", id, status)
	}
}

// deleteRemains removes the state folder of a container that has no state,
// because its creation was cut off. load has checked the id.
func deleteRemains(r *Runtime, id string, o DeleteOptions) error {
	if err := os.RemoveAll(filepath.Join(r.Root, id)); err != nil {
		return err
	}
	if o.Force {
		return nil
	}
	return libcontainer.ErrNotExist
}

func killAndDestroy(c *libcontainer.Container) error {
	state, err := c.State()
	if err != nil {
		return err
	}
	// The descriptor comes before the look at the status: if the process was
	// alive after the descriptor was made, the descriptor is of no other.
	pidfd, err := unix.PidfdOpen(state.InitProcessPid, 0)
	if err != nil {
		pidfd = -1
	} else {
		defer unix.Close(pidfd)
	}
	status, err := c.Status()
	if err != nil {
		return err
	}
	_ = c.Signal(unix.SIGKILL)
	if status != libcontainer.Stopped && pidfd >= 0 && !awaitExit(pidfd) {
		return errors.New("container init still running")
	}
	return c.Destroy()
}

// awaitExit waits until a pidfd's process has ended, reaped or not.
func awaitExit(pidfd int) bool {
	deadline := time.Now().Add(killTimeout)
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return false
		}
		fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(left.Milliseconds())+1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		return err == nil && n > 0
	}
}
