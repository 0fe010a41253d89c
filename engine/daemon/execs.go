package daemon

import (
	"slices"
	"sync"

	"github.com/moby/moby/api/types/container"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/stream"
	"github.com/callroute/callroute/engine/errdefs"
)

// Execs are the processes that were added to running containers.
type Execs struct {
	*core

	mu    sync.Mutex
	all   map[string]*execution
	ended []string // those that have ended, in that order
}

func newExecs(c *core) *Execs { return &Execs{core: c, all: map[string]*execution{}} }

// execution is a process that was added to a running container.
type execution struct {
	id        string
	container *ours.Container
	request   container.ExecCreateRequest
	path      string
	args      []string

	mu      sync.Mutex
	started bool
	running bool
	pid     int
	exit    *int
	begun   chan struct{} // closed once it runs, or is known not to
	ended   chan struct{} // closed once exit is known
	streams *stream.Streams
}

func newExecution(c *ours.Container, req container.ExecCreateRequest) *execution {
	return &execution{
		id: newID(), container: c, request: req, path: req.Cmd[0], args: req.Cmd[1:],
		begun: make(chan struct{}), ended: make(chan struct{}),
	}
}

func (x *Execs) add(e *execution) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.all[e.id] = e
}

// find finds an exec by its ID.
func (x *Execs) find(id string) (*execution, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e := x.all[id]; e != nil {
		return e, nil
	}
	return nil, errdefs.NotFound("No such exec instance: %s", id)
}

// open prepares the streams of an exec that is to be run.
func (x *Execs) open(e *execution, stdin bool) {
	e.streams = stream.New(stream.Config{
		Dir: x.fifoDir(), ID: e.container.ID, ExecID: e.id, Terminal: e.request.Tty,
		Stdin: stdin, StdinOnce: true,
		StdinClosed: func() { quiet(x.Containerd.CloseStdin(x.background, e.container.ID, e.id)) },
	})
}

// running are the IDs of a container's running execs, nil for none.
func (x *Execs) running(containerID string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var ids []string
	for _, e := range x.all {
		e.mu.Lock()
		if e.container.ID == containerID && e.running {
			ids = append(ids, e.id)
		}
		e.mu.Unlock()
	}
	slices.Sort(ids)
	return ids
}

// keptExecs is how many ended execs can still be inspected: clients ask for the
// exit code a moment after the end, and only then.
const keptExecs = 256

// finish notes how an exec has ended, and forgets the one that ended longest
// ago when there are many.
func (x *Execs) finish(e *execution, code int) {
	e.mu.Lock()
	first := e.exit == nil
	if first {
		close(e.ended)
		if !e.running {
			close(e.begun)
		}
	}
	e.running, e.exit = false, &code
	e.mu.Unlock()
	if !first {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended = append(x.ended, e.id)
	if len(x.ended) > keptExecs {
		delete(x.all, x.ended[0])
		x.ended = x.ended[1:]
	}
}

// containerEnded forgets the execs of a container that can no longer be started.
func (x *Execs) containerEnded(containerID string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id, e := range x.all {
		e.mu.Lock()
		if e.container.ID == containerID && !e.started {
			delete(x.all, id)
		}
		e.mu.Unlock()
	}
}
