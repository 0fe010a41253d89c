package container

import "os"

// RestoreOptions are the options of Restore.
type RestoreOptions struct {
	RunOptions
	CriuOptions
	// LsmProfile is the security profile to restore under, as TYPE:NAME.
	LsmProfile string
	// LsmMountContext replaces the security context of mounts.
	LsmMountContext string
}

// Restore makes a container of the bundle and has criu bring back the
// processes of a checkpoint. In the foreground it waits for the init process
// and returns its exit status.
//
// Limits are those of the bundle: what was changed by Update before the
// checkpoint must be changed again.
func (r *Runtime) Restore(id string, o RestoreOptions) (status int, err error) {
	// The paths become absolute before the bundle becomes the working folder.
	criu, err := o.criu()
	if err != nil {
		return 0, err
	}
	criu.LsmProfile = o.LsmProfile
	criu.LsmMountContext = o.LsmMountContext
	if o.ProcessOptions, err = o.absolute(); err != nil {
		return 0, err
	}
	o.change = ownCgroups
	c, spec, err := r.newContainer(id, o.CreateOptions)
	if err != nil {
		return 0, err
	}
	// Mount points that libcontainer makes below mounts, where nobody sees them.
	made := absent(c.Config().Rootfs, "/sys/fs/cgroup")
	defer func() {
		for _, dir := range made {
			_ = os.Remove(dir) // it may not have been made
		}
	}()
	defer func() {
		if err != nil {
			destroy(c)
		}
	}()

	p, err := newInitProcess(spec.Process)
	if err != nil {
		return 0, err
	}
	var fg *foreground
	if !o.Detach {
		fg = watch(subreaper(!o.NoSubreaper))
	}
	w, err := r.Stdio.connect(c, p, attachment{foreground: !o.Detach, terminal: spec.Process.Terminal}, o.ProcessOptions)
	if err != nil {
		return 0, err
	}
	defer w.close()

	if err := c.Restore(p, criu); err != nil {
		return 0, err
	}
	// The object does not know when its new init process was started, and
	// takes it for a stranger with a used pid. The state on disk does know.
	restored, err := r.load(id)
	if err != nil {
		terminate(p)
		return 0, err
	}
	c = restored
	if err := keepIntelRdt(c, spec.Linux.IntelRdt); err != nil {
		terminate(p)
		return 0, err
	}
	if err := w.started(p); err != nil {
		terminate(p)
		return 0, err
	}
	if o.Detach {
		return 0, nil
	}
	status, err = fg.wait(p, w)
	if err == nil && !o.Keep {
		destroy(c)
	}
	return status, err
}
