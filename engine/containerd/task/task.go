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
// file each); Remove ends the shim and removes the bundle. A shim that ends
// otherwise is cleaned up after (death.go), and so is what it ran. Reload takes
// up the tasks that a former process left: a shim that still runs is connected
// to again, what another left is cleaned up.
//
// Every name is within a namespace, which comes with the context. Requests and
// answers are those of containerd's API towards clients and shims.
package task

import (
	"context"
	"fmt"
	"sync"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	cerrdefs "github.com/containerd/errdefs"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// Shim is what a task asks of its shim. The class of an error is Unavailable
// only if the shim is gone.
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
	Connect(context.Context, *taskv3.ConnectRequest) (*taskv3.ConnectResponse, error)
	Shutdown(context.Context, *taskv3.ShutdownRequest) error
	// Close ends the connection, not the shim, and returns after OnClose.
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
	Bundles string // folder of the bundles, which need not outlive a boot
	Work    string // folder of what is too big for that
	// ShimBinary is the program of DefaultRuntime; empty has it looked for.
	ShimBinary string
	Shims      Shims
	Containers containers.Store
	Content    content.Store
	Events     events.Publisher
}

// Tasks are the running containers.
type Tasks struct {
	Config

	mu     sync.Mutex
	making map[key]chan struct{} // tasks that are being made; closed once they are, or are not
	tasks  map[key]*task
}

type key struct{ namespace, id string }

// task is a container that has processes.
type task struct {
	key
	shim         Shim
	disconnected chan struct{} // closed when the connection to the shim ends
	death
}

func newTask(k key) *task {
	return &task{key: k, disconnected: make(chan struct{}), death: death{over: make(chan struct{})}}
}

// New is the tasks of an empty engine; Reload adds what is there already.
func New(c Config) *Tasks {
	return &Tasks{Config: c, making: map[key]chan struct{}{}, tasks: map[key]*task{}}
}

// find is the task of a container. One that is being made is waited for.
func (t *Tasks) find(ctx context.Context, id string) (*task, error) {
	k, err := keyOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for {
		t.mu.Lock()
		found, making := t.tasks[k], t.making[k]
		t.mu.Unlock()
		switch {
		case found != nil:
			return found, nil
		case making == nil:
			return nil, errdefs.NotFound("task %s not found", id)
		}
		select {
		case <-making:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func keyOf(ctx context.Context, id string) (key, error) {
	ns, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return key{}, errdefs.Invalid("%w", err)
	}
	return key{ns, id}, nil
}

// reserve takes the name of a task, so that two creates of one container do not
// meet in its bundle. The second waits for the first: that may be one whose
// client has gone, and which is taken back.
func (t maker) reserve(ctx context.Context, k key) (release func(), err error) {
	if _, err := t.find(ctx, k.id); !cerrdefs.IsNotFound(err) {
		if err == nil {
			err = fmt.Errorf("task %s: %w", k.id, cerrdefs.ErrAlreadyExists)
		}
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tasks[k] != nil || t.making[k] != nil { // since it was looked for
		return nil, fmt.Errorf("task %s: %w", k.id, cerrdefs.ErrAlreadyExists)
	}
	made := make(chan struct{})
	t.making[k] = made
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.making, k)
		close(made)
	}, nil
}

// add makes a task one that is found, unless its shim is gone already.
func (t maker) add(made *task) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if made.isClaimed() {
		return errdefs.Unavailable("shim of %s is gone", made.id)
	}
	t.tasks[made.key] = made
	return nil
}

func (t deaths) forget(gone *task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tasks[gone.key] == gone {
		delete(t.tasks, gone.key)
	}
}
