package process

import (
	"context"

	"github.com/callroute/callroute/engine/errdefs"
)

// Stats reads the container's cgroup: a cgroup1/stats.Metrics or a
// cgroup2/stats.Metrics of containerd/cgroups.
func (t *Task) Stats(_ context.Context, id string) (any, error) {
	c, err := t.find(id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	cgroup := c.cgroup
	c.mu.Unlock()
	if cgroup == nil {
		return nil, errdefs.NotFound("container %s has no cgroup", id)
	}
	return cgroupStats(cgroup)
}
