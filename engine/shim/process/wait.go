package process

import (
	"context"

	"github.com/callroute/callroute/engine/shim/types"
)

// Wait blocks until a process is over.
func (t *Task) Wait(ctx context.Context, id, execID string) (types.Exit, error) {
	_, p, err := t.findProcess(id, execID)
	if err != nil {
		return types.Exit{}, err
	}
	select {
	case <-p.done:
		return p.exit(), nil
	case <-ctx.Done():
		return types.Exit{}, ctx.Err()
	}
}
