// Package daemon is the core of the engine: it keeps containers, and knows what
// a person means by starting, stopping or updating one. Images, volumes,
// networks, streams and logs are packages below it; processes are containerd's.
package daemon

import (
	"context"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
)

// Containerd is what the daemon asks of containerd to run containers. Errors
// are of the classes of containerd's errdefs.
//
// A process is named by its container and an exec ID; the container's first
// process has the empty exec ID.
type Containerd interface {
	// Create makes the container's record, its bundle and its first process,
	// which waits for Start.
	Create(ctx context.Context, id string, opts ctypes.CreateOptions) (pid int, err error)
	// Exec prepares another process in the container, which waits for Start.
	Exec(ctx context.Context, id, execID string, process *specs.Process, io ctypes.IO) error
	Start(ctx context.Context, id, execID string) (pid int, err error)
	Kill(ctx context.Context, id, execID string, signal int, scope ctypes.KillScope) error
	Pause(ctx context.Context, id string) error
	Unpause(ctx context.Context, id string) error
	Update(ctx context.Context, id string, resources *ctypes.Resources) error
	Checkpoint(ctx context.Context, id string, opts ctypes.CheckpointOptions) error
	ResizePTY(ctx context.Context, id, execID string, width, height uint32) error
	CloseStdin(ctx context.Context, id, execID string) error
	Pids(ctx context.Context, id string) ([]int, error)
	// Metrics is the container's cgroup as containerd encodes it: a
	// cgroup1/stats.Metrics or cgroup2/stats.Metrics of containerd/cgroups/v3.
	Metrics(ctx context.Context, id string) (at time.Time, metrics any, err error)
	State(ctx context.Context, id, execID string) (ctypes.ProcessState, error)
	// Wait blocks until the process ends.
	Wait(ctx context.Context, id, execID string) (ctypes.Exit, error)
	// Remove deletes an ended process; for the empty exec ID also the task,
	// its shim and the container's record.
	Remove(ctx context.Context, id, execID string) (ctypes.Exit, error)
	// List names every container of this engine and the state of its task.
	List(ctx context.Context) ([]ctypes.ProcessState, error)
	// Events sends what happens to tasks until ctx ends or the connection is
	// lost, which closes the channel.
	Events(ctx context.Context) (<-chan ctypes.TaskEvent, error)
	Version(ctx context.Context) (version, revision string, err error)
	// RuntimeFeatures says what a runtime was built with; program is its path, or
	// "" for the standard one. One that does not say is of the class
	// NotImplemented.
	RuntimeFeatures(ctx context.Context, program string) (ctypes.RuntimeFeatures, error)
}
