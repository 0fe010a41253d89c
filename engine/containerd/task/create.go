package task

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/log"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// CreateRequest says how to run a container.
type CreateRequest struct {
	ID                    string // of the container
	Rootfs                []*types.Mount
	Stdin, Stdout, Stderr string
	Terminal              bool
	Checkpoint            string // folder to restore from, empty for none
	RuntimePath           string // of the shim, instead of the container's
	Options               *anypb.Any
}

// Create makes the task of a container and its first process, which waits for
// Start. Whatever fails, nothing is left.
func (t *Tasks) Create(ctx context.Context, r CreateRequest) (pid uint32, err error) {
	k, err := keyOf(ctx, r.ID)
	if err != nil {
		return 0, err
	}
	container, err := t.Containers.Get(ctx, r.ID)
	if err != nil {
		return 0, err
	}
	created := &task{key: k}
	if err := t.reserve(created); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			t.forget(created)
		}
	}()
	if created.bundle, err = t.newBundle(k, specOf(container.Spec)); err != nil {
		return 0, err
	}
	config, err := t.shimConfig(created, container, r)
	if err != nil {
		return 0, errors.Join(err, removeBundle(created.bundle))
	}
	if created.shim, err = t.Shims.Start(ctx, config); err != nil {
		return 0, errors.Join(err, t.sweep(ctx, config))
	}
	created.pid, err = created.shim.Create(ctx, &taskv3.CreateTaskRequest{
		ID: r.ID, Bundle: created.bundle, Rootfs: r.Rootfs, Terminal: r.Terminal,
		Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr,
		Checkpoint: r.Checkpoint, Options: config.Options,
	})
	if err != nil {
		t.abandon(created, config)
		return 0, err
	}
	return created.pid, nil
}

// reserve takes the name of a task, so that two creates of one container do not
// meet in its bundle.
func (t *Tasks) reserve(created *task) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tasks[created.key] != nil {
		return errdefs.Conflict("task %s already exists", created.id)
	}
	t.tasks[created.key] = created
	return nil
}

func (t *Tasks) forget(gone *task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tasks[gone.key] == gone {
		delete(t.tasks, gone.key)
	}
}

func (t *Tasks) shimConfig(created *task, container containers.Container, r CreateRequest) (ShimConfig, error) {
	name := container.Runtime.Name
	if r.RuntimePath != "" {
		name = r.RuntimePath
	}
	binary, err := shimBinary(name)
	options := r.Options
	if options == nil {
		options = anyOf(container.Runtime.Options)
	}
	return ShimConfig{
		Binary: binary, Namespace: created.namespace, ID: created.id, Bundle: created.bundle, Options: options,
		OnClose: func() { t.shimGone(created) },
	}, err
}

// runtimeName is the name of a runtime: io.containerd.NAME.vN.
var runtimeName = regexp.MustCompile(`^[A-Za-z0-9]+(?:\.[A-Za-z0-9-]+)*\.([A-Za-z0-9-]+)\.(v[0-9]+)$`)

// shimBinary finds the program of a runtime: io.containerd.runc.v2 is
// containerd-shim-runc-v2, beside this program or where commands are. An
// absolute path is taken as it is.
func shimBinary(runtime string) (string, error) {
	if filepath.IsAbs(runtime) {
		if _, err := os.Stat(runtime); err != nil {
			return "", errdefs.Invalid("runtime %q: %v", runtime, errors.Unwrap(err))
		}
		return runtime, nil
	}
	m := runtimeName.FindStringSubmatch(runtime)
	if m == nil {
		return "", errdefs.Invalid("invalid runtime name %s, correct runtime name should be either format like `io.containerd.runc.v2` or a full path to the binary", runtime)
	}
	name := "containerd-shim-" + m[1] + "-" + m[2]
	var folders []string
	if self, err := os.Executable(); err == nil {
		folders = append(folders, filepath.Dir(self))
	}
	for _, dir := range append(folders, filepath.SplitList(os.Getenv("PATH"))...) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && filepath.IsAbs(path) {
			return path, nil
		}
	}
	return "", errdefs.Invalid("runtime %q: no program %s beside containerd or in %s", runtime, name, strings.ReplaceAll(os.Getenv("PATH"), ":", ", "))
}

// cleanupTime is how long cleaning up may take when who asked has gone.
const cleanupTime = 10 * time.Second

// abandon ends the shim of a task that could not be created.
func (t *Tasks) abandon(created *task, config ShimConfig) {
	created.markRemoved()
	ctx, cancel := detached(created.namespace)
	defer cancel()
	if _, err := created.shim.Delete(ctx, &taskv3.DeleteRequest{ID: created.id}); err != nil {
		log.G(ctx).WithError(err).Debugf("delete of %s after its create failed", created.id)
	}
	if err := created.shim.Shutdown(ctx, &taskv3.ShutdownRequest{ID: created.id, Now: true}); err != nil {
		log.G(ctx).WithError(err).Debugf("shutdown of the shim of %s", created.id)
	}
	created.shim.Close()
	if err := t.sweep(ctx, config); err != nil {
		log.G(ctx).WithError(err).Warnf("cleanup of %s", created.id)
	}
}

// sweep removes what a shim left that is gone or never came.
func (t *Tasks) sweep(ctx context.Context, config ShimConfig) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	_, err := t.Shims.DeleteAfterDeath(ctx, config)
	return errors.Join(err, removeBundle(config.Bundle))
}
