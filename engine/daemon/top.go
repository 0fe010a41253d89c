package daemon

import (
	"context"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/daemon/stats"
	"github.com/callroute/callroute/engine/errdefs"
)

// Top lists the processes of a container, as ps does with these arguments.
func (d *console) Top(ctx context.Context, name, psArgs string) (container.TopResponse, error) {
	c, err := d.containers.Get(name)
	if err != nil {
		return container.TopResponse{}, err
	}
	r := c.Snapshot()
	switch {
	case r.State.Status == container.StateRestarting:
		return container.TopResponse{}, errdefs.Conflict("Container %s is restarting, wait until the container is running", c.ID)
	case !r.State.Running():
		return container.TopResponse{}, errdefs.Conflict("container %s is not running", c.ID)
	}
	pids, err := d.Containerd.Pids(ctx, c.ID)
	if err != nil {
		return container.TopResponse{}, err
	}
	list, err := stats.Top(ctx, psArgs, pids)
	if err == nil {
		d.tell(events.ActionTop, r, nil)
	}
	return list, err
}
