package process

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/api/events"
	api "github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/api/types/runc/options"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/go-runc"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/bundle"
	"github.com/callroute/callroute/engine/shim/types"
)

// Create mounts the container's root and lets the runtime make the container.
// Its init process waits for Start; of one that is restored from a checkpoint
// there is nothing before Start, and its pid is 0.
func (t *Task) Create(ctx context.Context, req types.Create) (pid int, err error) {
	if err := (maker{t}).reserve(req.ID); err != nil {
		return 0, err
	}
	c, err := maker{t}.create(ctx, req)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reserved = false
	if err != nil {
		return 0, err
	}
	t.container = c
	return c.init.currentPid(), nil
}

// reserve keeps a second Create away while the first is at work.
func (t maker) reserve(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.container != nil || t.reserved {
		return fmt.Errorf("container %s: %w", id, cerrdefs.ErrAlreadyExists)
	}
	t.reserved = true
	return nil
}

// maker makes the container and its processes.
type maker struct{ *Task }

func (t maker) create(ctx context.Context, req types.Create) (*container, error) {
	if !filepath.IsAbs(req.Bundle) {
		return nil, errdefs.Invalid("bundle %q is not an absolute path", req.Bundle)
	}
	if err := writeOptions(req.Bundle, req.Options); err != nil {
		return nil, err
	}
	runtime, err := t.cfg.NewRuntime(req)
	if err != nil {
		return nil, err
	}
	rootfs, err := mountRootfs(req)
	if err != nil {
		return nil, err
	}
	c := &container{
		id:      req.ID,
		bundle:  req.Bundle,
		rootfs:  rootfs,
		runtime: runtime,
		options: req.Options,
		init:    newProcess("", req.IO),
		execs:   make(map[string]*process),
	}
	c.life, c.over = context.WithCancel(context.Background())
	// Its end, if it comes at once, is told after its creation.
	c.init.verbs.Lock()
	defer c.init.verbs.Unlock()
	if req.Checkpoint != "" {
		c.init.restore = &req
	} else if err := t.createInit(ctx, c, req); err != nil {
		_ = unmountRootfs(rootfs)
		return nil, err
	}
	t.publish(createEvent(c, req))
	return c, nil
}

// createInit executes the runtime's create.
func (t maker) createInit(ctx context.Context, c *container, req types.Create) error {
	opts := &runc.CreateOpts{
		PidFile:      filepath.Join(c.bundle, bundle.InitPid),
		NoPivot:      req.Options.GetNoPivotRoot(),
		NoNewKeyring: req.Options.GetNoNewKeyring(),
	}
	stdio, err := t.newStdio(req.IO, req.Options)
	if err != nil {
		return err
	}
	defer stdio.release()
	opts.IO, opts.ConsoleSocket = stdio.forRuntime()

	claim, release := t.cfg.Reaper.Expect()
	defer release()
	if err := c.runtime.Create(ctx, c.id, c.bundle, opts); err != nil {
		// One that failed has tidied up; one that was killed has not.
		_ = c.runtime.Delete(context.WithoutCancel(ctx), c.id, &runc.DeleteOpts{Force: true})
		if err := removeCgroup(c.bundle); err != nil {
			t.cfg.Log.Warn("a cgroup stays", "error", err)
		}
		return err
	}
	if err := t.adopt(ctx, c, c.init, stdio, opts.PidFile, claim); err != nil {
		_ = c.runtime.Delete(ctx, c.id, &runc.DeleteOpts{Force: true})
		return err
	}
	memory(t).openCgroup(c)
	return nil
}

// writeOptions keeps the options for the delete action, which knows nothing
// else of the container.
func writeOptions(dir string, opts *options.Options) error {
	if opts == nil {
		opts = &options.Options{}
	}
	data, err := json.Marshal(opts)
	if err != nil {
		return err
	}
	return bundle.Write(dir, bundle.Options, data)
}

func readOptions(dir string) (*options.Options, error) {
	data, err := os.ReadFile(filepath.Join(dir, bundle.Options))
	if err != nil {
		return nil, err
	}
	opts := &options.Options{}
	if err := json.Unmarshal(data, opts); err != nil {
		return nil, fmt.Errorf("%s: %w", bundle.Options, err)
	}
	return opts, nil
}

func createEvent(c *container, req types.Create) *events.TaskCreate {
	event := &events.TaskCreate{
		ContainerID: c.id,
		Bundle:      c.bundle,
		IO: &events.TaskIO{
			Stdin:    req.IO.Stdin,
			Stdout:   req.IO.Stdout,
			Stderr:   req.IO.Stderr,
			Terminal: req.IO.Terminal,
		},
		Checkpoint: req.Checkpoint,
		Pid:        uint32(c.init.currentPid()),
	}
	for _, m := range req.Rootfs {
		event.Rootfs = append(event.Rootfs, &api.Mount{Type: m.Type, Source: m.Source, Target: m.Target, Options: m.Options})
	}
	return event
}
