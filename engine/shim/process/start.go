package process

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/api/events"
	"github.com/containerd/go-runc"

	"github.com/callroute/callroute/engine/shim/bundle"
	"github.com/callroute/callroute/engine/shim/types"
)

// Start lets a created process run.
func (t *Task) Start(ctx context.Context, id, execID string) (pid int, err error) {
	c, p, err := t.findProcess(id, execID)
	if err != nil {
		return 0, err
	}
	p.verbs.Lock()
	defer p.verbs.Unlock()
	next, err := p.check(verbStart)
	if err != nil {
		return 0, err
	}
	switch {
	case execID != "":
		err = starter{t}.startExec(ctx, c, p)
	case p.restore != nil:
		if err = (starter{t}).restoreInit(ctx, c, *p.restore); err != nil {
			// It will never run, and is to be deleted as if it had.
			_ = c.runtime.Delete(context.WithoutCancel(ctx), c.id, &runc.DeleteOpts{Force: true})
			p.end(types.Exit{Status: neverRan, At: time.Now()})
		}
	default:
		err = c.runtime.Start(ctx, c.id)
	}
	if err != nil {
		return 0, err
	}
	p.enter(next)
	pid = p.currentPid()
	if execID != "" {
		t.publish(&events.TaskExecStarted{ContainerID: c.id, ExecID: execID, Pid: uint32(pid)})
	} else {
		t.publish(&events.TaskStart{ContainerID: c.id, Pid: uint32(pid)})
	}
	return pid, nil
}

// starter starts what is not there before its start.
type starter struct{ *Task }

// startExec executes the runtime's exec, which returns once the process runs.
func (t starter) startExec(ctx context.Context, c *container, p *process) error {
	if _, err := c.init.check(verbExec); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	opts := &runc.ExecOpts{
		PidFile: filepath.Join(c.bundle, bundle.ExecPid(p.execID)),
		Detach:  true,
	}
	stdio, err := maker(t).newStdio(p.io, c.options)
	if err != nil {
		return err
	}
	defer stdio.release()
	opts.IO, opts.ConsoleSocket = stdio.forRuntime()

	claim, release := t.cfg.Reaper.Expect()
	defer release()
	err = c.runtime.Exec(ctx, c.id, *p.spec, opts)
	if err == nil {
		err = maker(t).adopt(ctx, c, p, stdio, opts.PidFile, claim)
	}
	if err != nil {
		// It will never run, and who waits for its end shall not wait on.
		p.end(types.Exit{Status: neverRan})
	}
	return err
}

// neverRan is the exit status of a process that could not be started.
const neverRan = 255

// restoreInit executes the runtime's restore, which returns once the
// container runs where its checkpoint left off.
func (t starter) restoreInit(ctx context.Context, c *container, req types.Create) error {
	opts := &runc.RestoreOpts{
		CheckpointOpts: runc.CheckpointOpts{
			ImagePath:  req.Checkpoint,
			WorkDir:    criuWorkDir(c.bundle, req.Options.GetCriuWorkPath()),
			ParentPath: req.ParentCheckpoint,
			// What a dump was allowed to hold must be allowed here.
			AllowOpenTCP:             true,
			AllowExternalUnixSockets: true,
			AllowTerminal:            req.IO.Terminal,
			FileLocks:                true,
		},
		PidFile:     filepath.Join(c.bundle, bundle.InitPid),
		NoPivot:     req.Options.GetNoPivotRoot(),
		Detach:      true,
		NoSubreaper: true, // the shim is one
	}
	stdio, err := maker(t).newStdio(req.IO, req.Options)
	if err != nil {
		return err
	}
	defer stdio.release()
	opts.IO, opts.ConsoleSocket = stdio.forRuntime()

	claim, release := t.cfg.Reaper.Expect()
	defer release()
	err = watched(ctx, stallLimit, []string{opts.WorkDir}, func(ctx context.Context) error {
		return c.runtime.Restore(ctx, c.id, c.bundle, opts)
	})
	if err := newCriuLog(opts.WorkDir, restoreLog, req.Checkpoint).explain(err); err != nil {
		return err
	}
	_ = os.RemoveAll(opts.WorkDir)
	if err := maker(t).adopt(ctx, c, c.init, stdio, opts.PidFile, claim); err != nil {
		_ = c.runtime.Delete(ctx, c.id, &runc.DeleteOpts{Force: true})
		return err
	}
	memory(t).openCgroup(c)
	return nil
}
