package task

import (
	"context"
	"time"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/log"
	"github.com/containerd/typeurl/v2"

	"github.com/callroute/callroute/engine/shim/bundle"
)

// Create makes the task of a container and its first process, which waits for
// Start. Whatever fails, nothing is left.
func (t *Tasks) Create(ctx context.Context, r *tasks.CreateTaskRequest) (pid uint32, err error) {
	k, err := keyOf(ctx, r.ContainerID)
	if err != nil {
		return 0, err
	}
	container, err := t.Containers.Get(ctx, k.id)
	if err != nil {
		return 0, err
	}
	release, err := maker{t}.reserve(ctx, k)
	if err != nil {
		return 0, err
	}
	defer release()
	if err := (bundles{t}).newBundle(k, container.Spec.GetValue()); err != nil {
		return 0, err
	}
	made := newTask(k)
	pid, err = maker{t}.create(ctx, made, container, r)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = maker{t}.add(made)
	}
	if err != nil {
		deaths{t}.abandon(made)
		return 0, err
	}
	return pid, nil
}

// createTime is how long the runtime may take.
const createTime = 2 * time.Minute

// maker makes tasks.
type maker struct{ *Tasks }

// create starts the shim and has it make the first process. Should who asked go
// meanwhile, that is awaited all the same: only then it is clear what to undo.
func (t maker) create(ctx context.Context, made *task, container containers.Container, r *tasks.CreateTaskRequest) (pid uint32, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTime)
	defer cancel()
	checkpoint, err := checkpoints(t).checkpointDir(ctx, made, r)
	if err != nil {
		return 0, err
	}
	config, err := t.shimConfig(made, container, r)
	if err != nil {
		return 0, err
	}
	// Should we be killed before the shim's answer is in the bundle, this is what
	// Reload has to go by.
	if err := bundle.Write(config.Bundle, bundle.ShimBinary, []byte(config.Binary)); err != nil {
		return 0, err
	}
	if made.shim, err = t.Shims.Start(ctx, config); err != nil {
		return 0, err
	}
	return made.shim.Create(ctx, &taskv3.CreateTaskRequest{
		ID: made.id, Bundle: bundles(t).bundleOf(made.key), Rootfs: r.Rootfs, Terminal: r.Terminal,
		Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr,
		Checkpoint: checkpoint, Options: config.Options,
	})
}

// shimConfig says which shim a container gets. What the request names comes
// before what the record names.
func (t maker) shimConfig(made *task, container containers.Container, r *tasks.CreateTaskRequest) (ShimConfig, error) {
	name := container.Runtime.Name
	if r.RuntimePath != "" {
		name = r.RuntimePath
	}
	binary, err := t.shimBinary(name)
	options := r.Options
	if options == nil {
		options = typeurl.MarshalProto(container.Runtime.Options)
	}
	return ShimConfig{
		Binary: binary, Namespace: made.namespace, ID: made.id, Bundle: bundles(t).bundleOf(made.key), Options: options,
		OnClose: func() { deaths(t).shimGone(made) },
	}, err
}

// abandon takes down a task that could not be created.
func (t deaths) abandon(made *task) {
	if !made.claim() {
		<-made.over // its shim died, and that is being dealt with
		return
	}
	ctx, cancel := detached(made.namespace)
	defer cancel()
	if made.shim != nil {
		if _, err := made.shim.Delete(ctx, &taskv3.DeleteRequest{ID: made.id}); err != nil {
			log.G(ctx).WithError(err).Debugf("delete of %s after its create failed", made.id)
		}
		t.shutdown(ctx, made)
	}
	made.finish(t.cleanUp(ctx, made))
}
