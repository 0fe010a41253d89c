package server

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Exec prepares another process in a container.
func (s *service) Exec(ctx context.Context, r *tasks.ExecProcessRequest) (*emptypb.Empty, error) {
	if err := s.core.Exec(ctx, &taskv3.ExecProcessRequest{
		ID: r.ContainerID, ExecID: r.ExecID, Terminal: r.Terminal,
		Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr, Spec: r.Spec,
	}); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}
