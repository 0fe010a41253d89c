package client

import (
	"context"
	"encoding/json"

	"github.com/containerd/containerd/api/services/containers/v1"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/errdefs"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/containerd/types"
)

// specURL is the type under which containerd knows an OCI spec.
const specURL = "types.containerd.io/opencontainers/runtime-spec/1/Spec"

// Create makes the container's record and its task, whose first process waits
// for Start. A record that an earlier run left is replaced. Whatever fails, no
// record is left.
func (c *Client) Create(ctx context.Context, id string, o types.CreateOptions) (pid int, err error) {
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
		if err = c.removeRecord(ctx, id); err == nil {
			_, err = c.containers.Create(ctx, record)
		}
	}
	if err != nil {
		return 0, failed(err)
	}
	resp, err := c.tasks.Create(ctx, &tasks.CreateTaskRequest{
		ContainerID: id, Rootfs: mount.ToProto(o.Rootfs), Options: runtimeOptions,
		Stdin: o.IO.Stdin, Stdout: o.IO.Stdout, Stderr: o.IO.Stderr, Terminal: o.IO.Terminal,
	})
	if err != nil {
		_ = c.removeRecord(context.WithoutCancel(ctx), id) // what matters is why the task could not be made
		return 0, failed(err)
	}
	return int(resp.Pid), nil
}

func (c *Client) runtimeOptions(o types.CreateOptions) (*anypb.Any, error) {
	opts, err := typeurl.MarshalAny(&options.Options{
		BinaryName: c.config.RuntimeBinary, Root: c.config.RuntimeRoot, CriuImagePath: o.Checkpoint,
	})
	if err != nil {
		return nil, err
	}
	return &anypb.Any{TypeUrl: opts.GetTypeUrl(), Value: opts.GetValue()}, nil
}

func (c *Client) removeRecord(ctx context.Context, id string) error {
	_, err := c.containers.Delete(ctx, &containers.DeleteContainerRequest{ID: id})
	if err = failed(err); errdefs.IsNotFound(err) {
		return nil
	}
	return err
}
