package server

import (
	"context"
	"encoding/json"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/types"
)

func (s *service) Exec(ctx context.Context, r *task.ExecProcessRequest) (*emptypb.Empty, error) {
	process := &specs.Process{}
	if err := json.Unmarshal(r.GetSpec().GetValue(), process); err != nil {
		return nil, errdefs.Invalid("process to execute: %w", err)
	}
	return &emptypb.Empty{}, s.task.Exec(ctx, r.ID, types.Exec{
		ExecID:  r.ExecID,
		Process: process,
		IO:      types.IO{Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr, Terminal: r.Terminal},
	})
}
