package process

import (
	"context"
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/shim/types"
)

// process is one process of the container.
type process struct {
	execID string // empty is the init process
	io     types.IO
	spec   *specs.Process // of exec; the init process has the bundle's

	// restore, if set, is how start brings the init process back from a
	// checkpoint instead of letting it go on.
	restore *types.Create

	// verbs is held by a verb from the question whether it is possible to
	// the publishing of its event, and by the process's end. So a process
	// that ends at once is still told to have started first.
	verbs sync.Mutex

	mu      sync.Mutex
	state   state
	pid     int
	streams *streams // nil before there is anything to copy

	done chan struct{} // closed when the process is over
}

func newProcess(execID string, io types.IO) *process {
	return &process{execID: execID, io: io, state: created{}, done: make(chan struct{})}
}

// check asks whether a verb is possible now, and where it leads.
func (p *process) check(v verb) (state, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state.after(v)
}

// enter changes the state. Entering stopped or deleted ends the waiting.
func (p *process) enter(next state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = next
	switch next.(type) {
	case stopped, deleted:
		select {
		case <-p.done:
		default:
			close(p.done)
		}
	}
}

// end enters the state that the process's end leads to.
func (p *process) end(exit types.Exit) {
	p.mu.Lock()
	next := p.state.ended(exit)
	p.mu.Unlock()
	p.enter(next)
}

func (p *process) current() state {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// exit is how the process ended; zero if it has not.
func (p *process) exit() types.Exit {
	switch s := p.current().(type) {
	case stopped:
		return s.exit
	case deleted:
		return s.exit
	}
	return types.Exit{}
}

// started records what the runtime has made.
func (p *process) started(pid int, streams *streams) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pid, p.streams = pid, streams
}

func (p *process) currentPid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

func (p *process) currentStreams() *streams {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.streams
}

// settled waits for a start under way, and if the process runs, for its end.
func (p *process) settled(ctx context.Context) {
	idle := make(chan struct{})
	go func() {
		p.verbs.Lock()
		defer p.verbs.Unlock()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
		return
	}
	if p.current().status() != types.StatusRunning {
		return
	}
	select {
	case <-p.done:
	case <-ctx.Done():
	}
}
