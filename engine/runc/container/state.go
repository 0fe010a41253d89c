package container

import (
	"time"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/utils"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// State is what is told of a container. Its JSON has runc's fields, and
// intelRdt if there is any.
type State struct {
	OCIVersion  string               `json:"ociVersion"`
	ID          string               `json:"id"`
	PID         int                  `json:"pid"`    // of the init process; 0 once it ended
	Status      string               `json:"status"` // created, running, paused or stopped
	Bundle      string               `json:"bundle"`
	Rootfs      string               `json:"rootfs"`
	Created     time.Time            `json:"created"`
	Annotations map[string]string    `json:"annotations,omitempty"`
	Owner       string               `json:"owner"` // of the state folder; told by List only
	IntelRdt    *specs.LinuxIntelRdt `json:"intelRdt,omitempty"`
}

// State is the state of one container.
func (r *Runtime) State(id string) (State, error) {
	c, err := r.load(id)
	if err != nil {
		return State{}, err
	}
	return stateOf(c)
}

func stateOf(c *libcontainer.Container) (State, error) {
	status, err := c.Status()
	if err != nil {
		return State{}, err
	}
	saved, err := c.State()
	if err != nil {
		return State{}, err
	}
	bundle, annotations := utils.Annotations(saved.Config.Labels)
	s := State{
		OCIVersion:  saved.Config.Version,
		ID:          saved.ID,
		Status:      status.String(),
		Bundle:      bundle,
		Rootfs:      saved.Config.Rootfs,
		Created:     saved.Created,
		Annotations: annotations,
		IntelRdt:    specIntelRdt(saved.Config.IntelRdt),
	}
	if status != libcontainer.Stopped {
		s.PID = saved.InitProcessPid
	}
	return s, nil
}
