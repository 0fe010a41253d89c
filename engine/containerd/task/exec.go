package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/pkg/identifiers"

	"github.com/callroute/callroute/engine/errdefs"
)

// Exec prepares another process in a container, which waits for Start.
func (t *Tasks) Exec(ctx context.Context, r *taskv3.ExecProcessRequest) error {
	if err := identifiers.Validate(r.ExecID); err != nil {
		return errdefs.Invalid("exec id %q: %w", r.ExecID, err)
	}
	found, err := t.find(ctx, r.ID)
	if err != nil {
		return err
	}
	return found.shim.Exec(ctx, r)
}
