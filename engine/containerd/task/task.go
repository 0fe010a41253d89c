// Package task is the core of containerd: it runs the processes of containers,
// each container through a shim of its own.
//
// Words. A container is a record: a spec and which runtime to use. A task is a
// container that has processes: it has a bundle, a folder with the spec and the
// place of the root file system, and a shim, the process that starts and
// watches the container's processes. A process is named by its container and an
// exec ID; the first process of a task has the empty exec ID.
//
// Phases. Create makes the bundle, starts the shim and has it make the first
// process; every other verb finds the task's shim and passes the verb on (a
// file each); Remove ends the shim and removes the bundle. Reload takes up the
// tasks that a former process left: a shim that still runs is connected to
// again, what another left is cleaned up.
//
// Every name is within a namespace, which comes with the context.
package task

import (
	"context"
	"sync"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/log"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// Shim is what a task asks of its shim.
type Shim interface {
	Create(context.Context, *taskv3.CreateTaskRequest) (pid uint32, err error)
	Start(context.Context, *taskv3.StartRequest) (pid uint32, err error)
	State(context.Context, *taskv3.StateRequest) (*taskv3.StateResponse, error)
	Kill(context.Context, *taskv3.KillRequest) error
	Exec(context.Context, *taskv3.ExecProcessRequest) error
	Pause(context.Context, *taskv3.PauseRequest) error
	Resume(context.Context, *taskv3.ResumeRequest) error
	Update(context.Context, *taskv3.UpdateTaskRequest) error
	Checkpoint(context.Context, *taskv3.CheckpointTaskRequest) error
	ResizePty(context.Context, *taskv3.ResizePtyRequest) error
	CloseIO(context.Context, *taskv3.CloseIORequest) error
	Pids(context.Context, *taskv3.PidsRequest) (*taskv3.PidsResponse, error)
	Stats(context.Context, *taskv3.StatsRequest) (*taskv3.StatsResponse, error)
	Wait(context.Context, *taskv3.WaitRequest) (*taskv3.WaitResponse, error)
	Delete(context.Context, *taskv3.DeleteRequest) (*taskv3.DeleteResponse, error)
	Shutdown(context.Context, *taskv3.ShutdownRequest) error
	Close() error
}

// Shims starts shims and finds those that run.
type Shims interface {
	// Start starts the shim of a bundle and connects to it.
	Start(context.Context, ShimConfig) (Shim, error)
	// Load connects to the shim that Start started for a bundle.
	Load(context.Context, ShimConfig) (Shim, error)
	// DeleteAfterDeath removes what a shim that is gone left of its container,
	// and tells how the first process ended.
	DeleteAfterDeath(context.Context, ShimConfig) (Exit, error)
	// Info asks a shim's program what it and its runtime can do.
	Info(ctx context.Context, binary string, options *anypb.Any) (*types.RuntimeInfo, error)
}

// ShimConfig says which shim, for what.
type ShimConfig struct {
	Binary    string // empty: the one that the bundle names
	Namespace string
	ID        string
	Bundle    string
	Options   *anypb.Any
	// OnClose is called once when the connection to the shim ends.
	OnClose func()
}

// Config is what tasks need.
type Config struct {
	Bundles    string // their folder
	Shims      Shims
	Containers containers.Store
	Content    content.Store
	Events     events.Publisher
}

// Tasks are the running containers.
type Tasks struct {
	Config

	mu    sync.Mutex
	tasks map[key]*task
}

type key struct{ namespace, id string }

// task is a container that has processes.
type task struct {
	key
	bundle string
	shim   Shim
	pid    uint32 // of the first process

	// removed is set by Remove, so that the end of the connection is not taken
	// for the death of the shim.
	mu      sync.Mutex
	removed bool
}

// New is the tasks of an empty engine; Reload adds what is there already.
func New(c Config) *Tasks {
	return &Tasks{Config: c, tasks: map[key]*task{}}
}

// find is the task of a container.
func (t *Tasks) find(ctx context.Context, id string) (*task, error) {
	k, err := keyOf(ctx, id)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.tasks[k]
	if found == nil || found.shim == nil {
		return nil, errdefs.NotFound("no running task found: task %s not found", id)
	}
	return found, nil
}

func keyOf(ctx context.Context, id string) (key, error) {
	ns, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return key{}, errdefs.Invalid("%w", err)
	}
	return key{ns, id}, nil
}

// publish tells the world what the shim, which tells the rest, cannot tell any
// more. That nobody could be told is no failure.
func (t *Tasks) publish(ctx context.Context, topic string, event events.Event) {
	if err := t.Events.Publish(ctx, topic, event); err != nil {
		log.G(ctx).WithError(err).Warnf("event %s is lost", topic)
	}
}
