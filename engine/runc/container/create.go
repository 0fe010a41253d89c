package container

import (
	"os"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/specconv"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
)

// CreateOptions are the options of every verb that makes a container.
type CreateOptions struct {
	// Bundle is the folder with config.json; empty is the working folder.
	Bundle string
	// NoPivotRoot moves the root filesystem instead of pivoting into it, for
	// root filesystems on a ramdisk.
	NoPivotRoot bool
	// NoNewKeyring has the container share our session keyring.
	NoNewKeyring bool
	ProcessOptions

	// change makes another spec of the bundle's; nil leaves it.
	change func(*specs.Spec) (*specs.Spec, error)
}

// Create makes a container whose init process waits for Start. The process is
// detached.
//
// Written last: the pid file, or the container's state.json.
func (r *Runtime) Create(id string, o CreateOptions) (err error) {
	o.ProcessOptions, err = o.absolute()
	if err != nil {
		return err
	}
	c, spec, err := r.newContainer(id, o)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			destroy(c)
		}
	}()

	p, err := newInitProcess(spec.Process)
	if err != nil {
		return err
	}
	w, err := r.Stdio.connect(c, p, attachment{terminal: spec.Process.Terminal}, o.ProcessOptions)
	if err != nil {
		return err
	}
	defer w.close()

	if err := c.Start(p); err != nil {
		return err
	}
	if err := keepIntelRdt(c, spec.Linux.IntelRdt); err != nil {
		terminate(p)
		return err
	}
	if err := w.started(p); err != nil {
		terminate(p)
		return err
	}
	return nil
}

// newContainer enters the bundle and makes an empty container of its spec:
// the state folder exists, nothing runs.
func (r *Runtime) newContainer(id string, o CreateOptions) (*libcontainer.Container, *specs.Spec, error) {
	if id == "" {
		return nil, nil, errNoID
	}
	spec, err := enterBundle(o.Bundle)
	if err != nil {
		return nil, nil, err
	}
	if o.change != nil {
		if spec, err = o.change(spec); err != nil {
			return nil, nil, err
		}
	}
	config, err := specconv.CreateLibcontainerConfig(&specconv.CreateOpts{
		CgroupName:       id,
		UseSystemdCgroup: r.SystemdCgroup,
		NoPivotRoot:      o.NoPivotRoot,
		NoNewKeyring:     o.NoNewKeyring,
		Spec:             withoutIntelRdt(spec),
		RootlessEUID:     os.Geteuid() != 0,
		RootlessCgroups:  r.rootlessCgroups(),
	})
	if err != nil {
		return nil, nil, err
	}
	c, err := libcontainer.Create(r.Root, id, config)
	if err != nil {
		return nil, nil, err
	}
	return c, spec, nil
}

// newInitProcess is the process that the container begins and ends with.
func newInitProcess(spec *specs.Process) (*libcontainer.Process, error) {
	p, err := newProcess(spec)
	if err != nil {
		return nil, err
	}
	p.Init = true
	passListenFDs(p)
	return p, nil
}

// destroy removes what is left of a container. Whatever called for it has its
// own error to tell, so a failure is only logged.
func destroy(c *libcontainer.Container) {
	if err := c.Destroy(); err != nil {
		logrus.Warn(err)
	}
}
