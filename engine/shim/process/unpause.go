package process

import (
	"context"

	"github.com/containerd/containerd/api/events"
)

// Resume thaws the container.
func (t *Task) Resume(ctx context.Context, id string) error {
	c, err := t.find(id)
	if err != nil {
		return err
	}
	c.init.verbs.Lock()
	defer c.init.verbs.Unlock()
	next, err := c.init.check(verbUnpause)
	if err != nil {
		return err
	}
	if err := c.runtime.Resume(ctx, c.id); err != nil {
		return err
	}
	c.init.enter(next)
	t.publish(&events.TaskResumed{ContainerID: c.id})
	return nil
}
