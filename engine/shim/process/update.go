package process

import (
	"context"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
)

// Update changes the container's limits.
func (t *Task) Update(ctx context.Context, id string, resources *ctypes.Resources) error {
	c, err := t.find(id)
	if err != nil {
		return err
	}
	c.init.verbs.Lock()
	defer c.init.verbs.Unlock()
	if _, err := c.init.check(verbUpdate); err != nil {
		return err
	}
	return c.runtime.Update(ctx, c.id, resources)
}
