package container

import (
	"errors"
	"fmt"

	"github.com/opencontainers/runc/libcontainer"
)

// Start lets the init process of a created container become the user's
// program.
//
// Its last act is to open the fifo exec.fifo in the state folder, which the
// init process is about to write, and to remove it: a container with the fifo
// is created, one without is running.
func (r *Runtime) Start(id string) error {
	c, err := r.load(id)
	if err != nil {
		return err
	}
	status, err := c.Status()
	if err != nil {
		return err
	}
	switch status {
	case libcontainer.Created:
		return c.Exec()
	case libcontainer.Stopped:
		return errors.New("cannot start a container that has stopped")
	case libcontainer.Running:
		return errors.New("cannot start an already running container")
	default:
		return fmt.Errorf("cannot start a container in the %s state", status)
	}
}
