package client

import (
	"context"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// ExecCreate prepares another process in a running container.
func (c Containers) ExecCreate(ctx context.Context, name string, req container.ExecCreateRequest) (container.ExecCreateResponse, error) {
	return decode[container.ExecCreateResponse](c.post(ctx, "/containers/"+segment(name)+"/exec", nil, req))
}

// ExecStart starts the process and leaves it alone.
func (c Containers) ExecStart(ctx context.Context, execID string, opts types.ExecStartOptions) error {
	return done(c.post(ctx, "/exec/"+segment(execID)+"/start", nil, opts))
}

// ExecAttach starts the process and joins its streams.
func (c Containers) ExecAttach(ctx context.Context, execID string, opts types.ExecStartOptions) (*Stream, error) {
	return c.hijack(ctx, "/exec/"+segment(execID)+"/start", nil, opts)
}

// ExecInspect says whether the process runs, and else its exit code.
func (c Containers) ExecInspect(ctx context.Context, execID string) (container.ExecInspectResponse, error) {
	return decode[container.ExecInspectResponse](c.get(ctx, "/exec/"+segment(execID)+"/json", nil))
}
