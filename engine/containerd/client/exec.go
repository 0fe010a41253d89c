package client

import (
	"context"
	"encoding/json"

	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/containerd/types"
)

// processURL is the type under which containerd knows an OCI process.
const processURL = "types.containerd.io/opencontainers/runtime-spec/1/Process"

// Exec prepares another process in the container, which waits for Start.
func (c *Client) Exec(ctx context.Context, id, execID string, process *specs.Process, io types.IO) error {
	spec, err := json.Marshal(process)
	if err != nil {
		return err
	}
	_, err = c.tasks.Exec(ctx, &tasks.ExecProcessRequest{
		ContainerID: id, ExecID: execID, Spec: &anypb.Any{TypeUrl: processURL, Value: spec},
		Stdin: io.Stdin, Stdout: io.Stdout, Stderr: io.Stderr, Terminal: io.Terminal,
	})
	return failed(err)
}
