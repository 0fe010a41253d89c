package container

// RunOptions are the options of Run.
type RunOptions struct {
	CreateOptions
	// Detach returns once the process was started. Nobody removes the
	// container then.
	Detach bool
	// Keep leaves the container in place after its process ended.
	Keep bool
	// NoSubreaper leaves the container's orphans to the next reaper.
	NoSubreaper bool
}

// Run is Create and Start in one, and in the foreground the wait for the
// process and Delete as well. It returns the process's exit status.
func (r *Runtime) Run(id string, o RunOptions) (status int, err error) {
	o.ProcessOptions, err = o.absolute()
	if err != nil {
		return 0, err
	}
	c, spec, err := r.newContainer(id, o.CreateOptions)
	if err != nil {
		return 0, err
	}
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

	if err := c.Start(p); err != nil {
		return 0, err
	}
	// The process is not the user's yet, so it cannot end before this.
	if err := keepIntelRdt(c, spec.Linux.IntelRdt); err != nil {
		terminate(p)
		return 0, err
	}
	if err := w.started(p); err != nil {
		terminate(p)
		return 0, err
	}
	if err := c.Exec(); err != nil {
		terminate(p)
		return 0, err
	}
	if o.Detach {
		return 0, nil
	}
	status, err = fg.wait(p, w)
	if err == nil && !o.Keep {
		// Before the output is drained: without a PID namespace of its own the
		// container may have left processes that hold it open.
		destroy(c)
	}
	return status, err
}
