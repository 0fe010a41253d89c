// Package process is the core of the shim: it keeps one container's processes
// on behalf of containerd, which may come and go.
//
// The words: a Task is the container with its processes. Its first process is
// the init process, whose end is the container's; Exec adds more. The Runtime
// is the program that knows how to make containers, engine-runc: it is
// executed once per verb and exits. The processes it made then belong to the
// shim, which is their subreaper.
//
// A verb goes through four phases, each visible in the file of its name: find
// the process, ask its state whether the verb is possible, execute the
// runtime, enter the next state and publish the event. A process's end goes
// the other way: the kernel's SIGCHLD, the Reaper, the process's state, the
// event.
//
// What the shim cannot see: processes of the container that neither Create nor
// Exec started, other than by counting them; and how much of a stream a reader
// took before it went away.
package process

import (
	"context"
	"log/slog"
	"sync"

	"github.com/containerd/containerd/api/types/runc/options"
	"google.golang.org/protobuf/proto"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/types"
)

// Publisher tells containerd what happened, in the order of the calls. It does
// not wait for containerd.
type Publisher interface {
	Publish(topic string, event proto.Message)
}

// Config is what a Task works with.
type Config struct {
	Reaper *Reaper
	Events Publisher
	Log    *slog.Logger
	// NewRuntime makes the runtime that a container's options choose.
	NewRuntime func(types.Create) (Runtime, error)
	// Shutdown ends the shim. It is called once no container is left.
	Shutdown func()
}

// Task is the container of this shim with its processes.
type Task struct {
	cfg     Config
	console *consoles

	mu        sync.Mutex
	container *container // nil before Create and after Delete
	reserved  bool       // Create is under way
}

// container is what lasts from Create to Delete.
type container struct {
	id      string
	bundle  string
	rootfs  string // what to unmount; empty if nothing was mounted
	runtime Runtime
	options *options.Options // may be nil
	init    *process
	// life ends with the init process: what is only being started then is given
	// up.
	life context.Context
	over context.CancelFunc

	mu     sync.Mutex
	execs  map[string]*process
	cgroup any                     // what loadCgroup found; nil before
	oom    bool                    // memory ran out, and that was told
	told   bool                    // the init process's end was told
	dump   context.CancelCauseFunc // calls off the dump under way; nil for none
}

// New makes a task without a container.
func New(cfg Config) *Task {
	return &Task{cfg: cfg, console: newConsoles()}
}

// find returns the container of an ID, which can only be the one created.
func (t *Task) find(id string) (*container, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.container == nil || t.container.id != id {
		return nil, errdefs.NotFound("container %s not found", id)
	}
	return t.container, nil
}

// findProcess returns a process of a container, the init process for an empty
// exec ID.
func (t *Task) findProcess(id, execID string) (*container, *process, error) {
	c, err := t.find(id)
	if err != nil {
		return nil, nil, err
	}
	if execID == "" {
		return c, c.init, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.execs[execID]
	if !ok {
		return nil, nil, errdefs.NotFound("process %s of container %s not found", execID, id)
	}
	return c, p, nil
}

// ended waits for every process that Exec started to be over.
func (c *container) ended(ctx context.Context) {
	c.mu.Lock()
	execs := make([]*process, 0, len(c.execs))
	for _, p := range c.execs {
		execs = append(execs, p)
	}
	c.mu.Unlock()
	for _, p := range execs {
		p.settled(ctx)
	}
}
