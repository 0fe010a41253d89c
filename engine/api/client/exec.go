package client

import (
	"context"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// Create prepares another process in a running container.
func (e Execs) Create(ctx context.Context, name string, req container.ExecCreateRequest) (container.ExecCreateResponse, error) {
	return decode[container.ExecCreateResponse](e.post(ctx, "/containers/"+segment(name)+"/exec", nil, req))
}

// Start starts the process and leaves it alone.
func (e Execs) Start(ctx context.Context, execID string, opts types.ExecStartOptions) error {
	return done(e.post(ctx, "/exec/"+segment(execID)+"/start", nil, opts))
}

// Attach starts the process and joins its streams.
func (e Execs) Attach(ctx context.Context, execID string, opts types.ExecStartOptions) (*Stream, error) {
	return e.hijack(ctx, "/exec/"+segment(execID)+"/start", nil, opts)
}

// Inspect says whether the process runs, and else its exit code.
func (e Execs) Inspect(ctx context.Context, execID string) (container.ExecInspectResponse, error) {
	return decode[container.ExecInspectResponse](e.get(ctx, "/exec/"+segment(execID)+"/json", nil))
}
