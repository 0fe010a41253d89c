package process

import (
	"context"

	"github.com/containerd/go-runc"
	"github.com/opencontainers/runtime-spec/specs-go"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
)

// Runtime is what the shim asks of the program that makes containers. Every
// method executes it once, with the verb as its first argument.
type Runtime interface {
	Create(ctx context.Context, id, bundle string, opts *runc.CreateOpts) error
	Start(ctx context.Context, id string) error
	Exec(ctx context.Context, id string, process specs.Process, opts *runc.ExecOpts) error
	Kill(ctx context.Context, id string, signal int, opts *runc.KillOpts) error
	Delete(ctx context.Context, id string, opts *runc.DeleteOpts) error
	Pause(ctx context.Context, id string) error
	Resume(ctx context.Context, id string) error
	Update(ctx context.Context, id string, resources *ctypes.Resources) error
	Checkpoint(ctx context.Context, id string, opts *runc.CheckpointOpts, actions ...runc.CheckpointAction) error
	Restore(ctx context.Context, id, bundle string, opts *runc.RestoreOpts) error
	Ps(ctx context.Context, id string) ([]int, error)
}
