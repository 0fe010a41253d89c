package container

// Pause freezes every process of a container.
//
// Written last: FROZEN to the cgroup's freezer.state, or on cgroup v2 1 to
// cgroup.freeze.
func (r *Runtime) Pause(id string) error {
	c, err := r.load(id)
	if err != nil {
		return err
	}
	return c.Pause()
}
