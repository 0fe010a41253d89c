package daemon

import (
	"context"

	"github.com/moby/moby/api/types/container"
)

// Wait watches a container until a condition is met.
func (d *Daemon) Wait(ctx context.Context, name string, condition container.WaitCondition) (<-chan container.WaitResponse, error) {
	c, err := d.containers.Get(name)
	if err != nil {
		return nil, err
	}
	return c.Wait(ctx, condition), nil
}
