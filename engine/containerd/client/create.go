package client

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/containerd/containerd/api/services/containers/v1"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/errdefs"
	"github.com/containerd/typeurl/v2"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/containerd/types"
)

// specURL is the type under which containerd knows an OCI spec.
const specURL = "types.containerd.io/opencontainers/runtime-spec/1/Spec"

// Create makes the container's record and its task, whose first process waits
// for Start. A record without a task, which an earlier run left, is replaced.
// Whatever fails, no record is left, but of a container that has a task already.
func (c *creator) Create(ctx context.Context, id string, o types.CreateOptions) (pid int, err error) {
	spec, err := json.Marshal(o.Spec)
	if err != nil {
		return 0, err
	}
	runtimeOptions, err := c.runtimeOptions(o)
	if err != nil {
		return 0, err
	}
	record := &containers.CreateContainerRequest{Container: &containers.Container{
		ID: id, Image: o.Image, Labels: o.Labels,
		Runtime:     &containers.Container_Runtime{Name: c.config.Runtime, Options: runtimeOptions},
		Spec:        &anypb.Any{TypeUrl: specURL, Value: spec},
		Snapshotter: Snapshotter, SnapshotKey: o.SnapshotKey,
	}}
	_, err = c.containers.Create(ctx, record)
	if errdefs.IsAlreadyExists(failed(err)) {
		if err := c.removeLeftover(ctx, id); err != nil {
			return 0, err
		}
		_, err = c.containers.Create(ctx, record)
	}
	if err != nil {
		c.undo(ctx, id, failed(err))
		return 0, failed(err)
	}
	request := &tasks.CreateTaskRequest{
		ContainerID: id, Rootfs: mount.ToProto(o.Rootfs), Options: runtimeOptions,
		Stdin: o.IO.Stdin, Stdout: o.IO.Stdout, Stderr: o.IO.Stderr, Terminal: o.IO.Terminal,
	}
	resp, err := c.tasks.Create(ctx, request)
	if errdefs.IsAlreadyExists(failed(err)) {
		// There was no record: the task is of a Create that was cut off.
		c.removeTask(ctx, id)
		resp, err = c.tasks.Create(ctx, request)
	}
	if err != nil {
		c.undo(ctx, id, failed(err))
		_ = c.removeRecord(context.WithoutCancel(ctx), id) // what matters is why the task could not be made
		return 0, failed(err)
	}
	return int(resp.Pid), nil
}

// undoTime is how long it may take to take back what was begun.
const undoTime = 30 * time.Second

// undo takes back what may have come of a request whose error leaves that open:
// containerd, or who asked, has gone in the middle.
func (c *creator) undo(ctx context.Context, id string, err error) {
	if !errdefs.IsUnavailable(err) && !errdefs.IsCanceled(err) && !errdefs.IsDeadlineExceeded(err) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	c.removeTask(ctx, id)
	_ = c.removeRecord(ctx, id) // it may not be there
}

// removeTask removes a task in whatever state it is, if there is one. That it
// could not shows when it is made again.
func (c *creator) removeTask(ctx context.Context, id string) {
	if _, err := c.tasks.Kill(ctx, &tasks.KillRequest{ContainerID: id, Signal: uint32(unix.SIGKILL), All: true}); err == nil {
		_, _ = c.tasks.Wait(ctx, &tasks.WaitRequest{ContainerID: id})
	}
	_, _ = c.tasks.Delete(ctx, &tasks.DeleteTaskRequest{ContainerID: id})
}

func (c *creator) runtimeOptions(o types.CreateOptions) (*anypb.Any, error) {
	opts, err := typeurl.MarshalAny(&options.Options{
		BinaryName: o.Runtime, Root: c.config.RuntimeRoot, CriuImagePath: o.Checkpoint,
	})
	if err != nil {
		return nil, err
	}
	return &anypb.Any{TypeUrl: opts.GetTypeUrl(), Value: opts.GetValue()}, nil
}

// removeLeftover removes a record that has no task.
func (c *creator) removeLeftover(ctx context.Context, id string) error {
	_, err := c.tasks.Get(ctx, &tasks.GetRequest{ContainerID: id})
	switch err = failed(err); {
	case err == nil:
		return fmt.Errorf("container %s runs: %w", id, errdefs.ErrAlreadyExists)
	case errdefs.IsNotFound(err):
		return c.removeRecord(ctx, id)
	}
	return err
}

func (c *creator) removeRecord(ctx context.Context, id string) error {
	_, err := c.containers.Delete(ctx, &containers.DeleteContainerRequest{ID: id})
	if err = failed(err); errdefs.IsNotFound(err) {
		return nil
	}
	return err
}
