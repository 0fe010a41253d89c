package container

// Resume thaws the processes of a paused container.
//
// Written last: THAWED to the cgroup's freezer.state, or on cgroup v2 0 to
// cgroup.freeze.
func (r *Runtime) Resume(id string) error {
	c, err := r.load(id)
	if err != nil {
		return err
	}
	return c.Resume()
}
