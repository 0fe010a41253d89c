package process

import (
	"context"
	"os"
	"path/filepath"

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
	err = c.runtime.Checkpoint(ctx, c.id, &runc.CheckpointOpts{
		ImagePath:                req.Dir,
		WorkDir:                  work,
		ParentPath:               req.Options.GetParentPath(),
		AllowOpenTCP:             req.Options.GetOpenTcp(),
		AllowExternalUnixSockets: req.Options.GetExternalUnixSockets(),
		AllowTerminal:            req.Options.GetTerminal(),
		FileLocks:                req.Options.GetFileLocks(),
		EmptyNamespaces:          req.Options.GetEmptyNamespaces(),
		Cgroups:                  runc.CgroupMode(req.Options.GetCgroupsMode()),
	}, actions...)
	if err != nil {
		return err
	}
	t.publish(&events.TaskCheckpointed{ContainerID: c.id, Checkpoint: req.Dir})
	return nil
}

// criuWorkDir is where criu keeps its log and what it needs for a while.
func criuWorkDir(bundle, chosen string) string {
	if chosen == "" {
		chosen = bundle
	}
	return filepath.Join(chosen, "criu-work")
}
