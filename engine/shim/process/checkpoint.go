package process

import (
	"context"
	"os"

	"github.com/containerd/containerd/api/events"
	"github.com/containerd/go-runc"

	"github.com/callroute/callroute/engine/shim/types"
)

// Checkpoint dumps the container's processes into a folder. With Exit they end
// there, which is told like any end.
func (t *Task) Checkpoint(ctx context.Context, id string, req types.Checkpoint) error {
	c, err := t.find(id)
	if err != nil {
		return err
	}
	c.init.verbs.Lock()
	defer c.init.verbs.Unlock()
	if _, err := c.init.check(verbCheckpoint); err != nil {
		return err
	}
	work := req.Options.GetWorkPath()
	if work == "" {
		work = criuWorkDir(c.bundle, c.options.GetCriuWorkPath())
		defer os.RemoveAll(work)
	}
	var actions []runc.CheckpointAction
	if !req.Options.GetExit() {
		actions = append(actions, runc.LeaveRunning)
	}
	opts := &runc.CheckpointOpts{
		ImagePath:                req.Dir,
		WorkDir:                  work,
		ParentPath:               req.Options.GetParentPath(),
		AllowOpenTCP:             req.Options.GetOpenTcp(),
		AllowExternalUnixSockets: req.Options.GetExternalUnixSockets(),
		AllowTerminal:            req.Options.GetTerminal(),
		FileLocks:                req.Options.GetFileLocks(),
		EmptyNamespaces:          req.Options.GetEmptyNamespaces(),
		Cgroups:                  runc.CgroupMode(req.Options.GetCgroupsMode()),
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.setDump(cancel)
	defer c.setDump(nil)
	err = watched(ctx, stallLimit, []string{req.Dir, work}, func(ctx context.Context) error {
		return c.runtime.Checkpoint(ctx, c.id, opts, actions...)
	})
	if err != nil && c.init.current().status() == types.StatusRunning {
		// Whoever was cut off has left the processes frozen; else this is an
		// error of no interest.
		_ = c.runtime.Resume(context.WithoutCancel(ctx), c.id)
	}
	if err := newCriuLog(work, dumpLog, req.Dir).explain(err); err != nil {
		return err
	}
	t.publish(&events.TaskCheckpointed{ContainerID: c.id, Checkpoint: req.Dir})
	return nil
}

func (c *container) setDump(cancel context.CancelCauseFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dump = cancel
}
