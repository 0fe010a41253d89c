package server

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/typeurl/v2"

	"github.com/callroute/callroute/engine/containerd/task"
)

// Create makes a container's task. A checkpoint to restore comes either as the
// folder in the options or as an archive in the content store.
func (s *service) Create(ctx context.Context, r *tasks.CreateTaskRequest) (*tasks.CreateTaskResponse, error) {
	checkpoint, remove, err := s.checkpointDir(ctx, r)
	if err != nil {
		return nil, failed(err)
	}
	defer remove()
	pid, err := s.core.Create(ctx, task.CreateRequest{
		ID: r.ContainerID, Rootfs: r.Rootfs, Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr, Terminal: r.Terminal,
		Checkpoint: checkpoint, RuntimePath: r.RuntimePath, Options: r.Options,
	})
	if err != nil {
		return nil, failed(err)
	}
	return &tasks.CreateTaskResponse{ContainerID: r.ContainerID, Pid: pid}, nil
}

// checkpointDir is the folder that a task is restored from, empty for none.
func (s *service) checkpointDir(ctx context.Context, r *tasks.CreateTaskRequest) (dir string, remove func(), err error) {
	nothing := func() {}
	if r.Options != nil {
		var o options.Options
		if err := typeurl.UnmarshalTo(r.Options, &o); err == nil && o.CriuImagePath != "" {
			return o.CriuImagePath, nothing, nil
		}
	}
	if r.Checkpoint == nil {
		return "", nothing, nil
	}
	return s.unpackCheckpoint(ctx, r.Checkpoint)
}
