package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/types"
)

func (s *service) Create(ctx context.Context, r *task.CreateTaskRequest) (*task.CreateTaskResponse, error) {
	opts, err := runcOptions(r.Options)
	if err != nil {
		return nil, err
	}
	req := types.Create{
		ID:               r.ID,
		Bundle:           r.Bundle,
		IO:               types.IO{Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr, Terminal: r.Terminal},
		Checkpoint:       r.Checkpoint,
		ParentCheckpoint: r.ParentCheckpoint,
		Options:          opts,
	}
	for _, m := range r.Rootfs {
		req.Rootfs = append(req.Rootfs, mount.Mount{Type: m.Type, Source: m.Source, Target: m.Target, Options: m.Options})
	}
	pid, err := s.task.Create(ctx, req)
	if err != nil {
		return nil, err
	}
	return &task.CreateTaskResponse{Pid: uint32(pid)}, nil
}

// runcOptions decodes the options of a create request; nil if there are none.
func runcOptions(body *anypb.Any) (*options.Options, error) {
	if len(body.GetValue()) == 0 {
		return nil, nil //nolint:nilnil // no options are the defaults
	}
	opts := &options.Options{}
	if err := typeurl.UnmarshalTo(body, opts); err != nil {
		return nil, errdefs.Invalid("runtime options: %w", err)
	}
	return opts, nil
}
