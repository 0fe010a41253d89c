package container

import (
	"context"

	"github.com/moby/moby/api/types/container"
)

// Wait answers once a condition is met: that the container does not run, that it
// has ended once more, or that it was removed. It gives no answer if ctx ends
// first. Who waits for a removal that fails is told why.
func (c *Container) Wait(ctx context.Context, condition container.WaitCondition) <-chan container.WaitResponse {
	answer := make(chan container.WaitResponse, 1)
	c.Lock()
	exits := c.Exits
	c.Unlock()
	go func() {
		defer close(answer)
		for {
			c.Lock()
			state, ended, removed, changed := c.State, c.Exits > exits, c.removed, c.changed
			c.Unlock()
			var met bool
			switch condition {
			case container.WaitConditionRemoved:
				met = removed
			case container.WaitConditionNextExit:
				met = ended || removed
			default:
				met = !state.Running() && state.Status != container.StateRestarting || removed
			}
			if condition == container.WaitConditionRemoved && !removed && state.Status == container.StateDead {
				answer <- container.WaitResponse{StatusCode: int64(state.ExitCode), Error: &container.WaitExitError{Message: state.Error}}
				return
			}
			if met {
				answer <- container.WaitResponse{StatusCode: int64(state.ExitCode)}
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return answer
}
