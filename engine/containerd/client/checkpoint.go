package client

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/containerd/types"
)

// Checkpoint dumps the processes of a container into a folder.
func (c *Client) Checkpoint(ctx context.Context, id string, o types.CheckpointOptions) error {
	opts, err := typeurl.MarshalAny(&options.CheckpointOptions{
		Exit: o.Exit, ImagePath: o.Dir, OpenTcp: true, ExternalUnixSockets: true, Terminal: true, FileLocks: true,
	})
	if err != nil {
		return err
	}
	_, err = c.tasks.Checkpoint(ctx, &tasks.CheckpointTaskRequest{
		ContainerID: id, Options: &anypb.Any{TypeUrl: opts.GetTypeUrl(), Value: opts.GetValue()},
	})
	return failed(err)
}
