package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/api/types"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/containerd/task"
	"github.com/callroute/callroute/engine/shim/client"
)

// shims joins the tasks to the client of the shim.
type shims struct {
	address, events, state string
	debug                  bool
}

func (s *shims) Start(ctx context.Context, c task.ShimConfig) (task.Shim, error) {
	shim, err := client.Start(ctx, s.config(c))
	if err != nil {
		return nil, err
	}
	return shim, nil
}

func (s *shims) Load(ctx context.Context, c task.ShimConfig) (task.Shim, error) {
	shim, err := client.Load(ctx, s.config(c))
	if err != nil {
		return nil, err
	}
	return shim, nil
}

func (s *shims) DeleteAfterDeath(ctx context.Context, c task.ShimConfig) (task.Exit, error) {
	exit, err := client.DeleteAfterDeath(ctx, s.config(c))
	return task.Exit{Pid: exit.Pid, Status: exit.Status, At: exit.At}, err
}

func (s *shims) Info(ctx context.Context, binary string, options *anypb.Any) (*types.RuntimeInfo, error) {
	return client.Info(ctx, binary, options)
}

func (s *shims) config(c task.ShimConfig) client.StartConfig {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return client.StartConfig{
		Binary: c.Binary, Namespace: c.Namespace, ID: c.ID, Bundle: c.Bundle, Options: c.Options, OnClose: c.OnClose,
		Address: s.address, TTRPCAddress: s.events, PublishBinary: self,
		SocketDir: filepath.Join(s.state, "s"), Debug: s.debug, Log: os.Stderr,
	}
}
