package process

import (
	"context"

	"github.com/containerd/containerd/api/events"
)

// Pause freezes the container.
func (t *Task) Pause(ctx context.Context, id string) error {
	c, err := t.find(id)
	if err != nil {
		return err
	}
	c.init.verbs.Lock()
	defer c.init.verbs.Unlock()
	next, err := c.init.check(verbPause)
	if err != nil {
		return err
	}
	if err := c.runtime.Pause(ctx, c.id); err != nil {
		return err
	}
	c.init.enter(next)
	t.publish(&events.TaskPaused{ContainerID: c.id})
	return nil
}
