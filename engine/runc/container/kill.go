package container

import (
	"errors"
	"fmt"

	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"
)

// KillOptions are the options of Kill.
type KillOptions struct {
	Signal unix.Signal
	// All signals every process of the container, and is content with a
	// container that has stopped.
	All bool
}

// Kill sends a signal to the container's init process, or to all processes.
func (r *Runtime) Kill(id string, o KillOptions) error {
	c, err := r.load(id)
	if err != nil {
		return err
	}
	if !o.All {
		return c.Signal(o.Signal)
	}
	if o.Signal != unix.SIGKILL {
		return signalAll(c, o.Signal)
	}
	// The end of the init process is the end of its PID namespace. Where the
	// container shares one, Signal goes through the cgroup.
	if err := c.Signal(unix.SIGKILL); !errors.Is(err, libcontainer.ErrNotRunning) {
		return err
	}
	return nil
}

// signalAll signals every process in the container's cgroup. They are frozen
// meanwhile, so that none forks between the list and its signal.
func signalAll(c *libcontainer.Container, s unix.Signal) error {
	switch err := c.Pause(); {
	case err == nil:
		defer func() { _ = c.Resume() }()
	case errors.Is(err, libcontainer.ErrNotRunning):
		// Stopped, or paused already, and then it stays so.
	default:
		return err
	}
	pids, err := c.Processes()
	if err != nil {
		return err
	}
	var failed error
	for _, pid := range pids {
		if err := unix.Kill(pid, s); err != nil && !errors.Is(err, unix.ESRCH) {
			failed = errors.Join(failed, fmt.Errorf("signal process %d: %w", pid, err))
		}
	}
	return failed
}
