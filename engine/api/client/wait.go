package client

import (
	"context"
	"net/url"

	"github.com/moby/moby/api/types/container"
)

// Wait returns once the daemon watches the container: what happens to it from
// then on is not missed. The function it returns waits for the condition.
func (c Containers) Wait(ctx context.Context, name string, condition container.WaitCondition) (ended func() (container.WaitResponse, error), err error) {
	query := url.Values{}
	set(query, "condition", string(condition))
	resp, err := c.post(ctx, "/containers/"+segment(name)+"/wait", query, nil)
	if err != nil {
		return nil, err
	}
	return func() (container.WaitResponse, error) { return decode[container.WaitResponse](resp, nil) }, nil
}
