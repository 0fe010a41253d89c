package daemon

import (
	"sync"

	"github.com/moby/moby/api/types/container"
)

// stateCounter knows how many containers are in which state, so that info need
// not look at each. Every change of a state sets it; after a restart of the
// daemon restore does, with what containerd says.
type stateCounter struct {
	mu     sync.Mutex
	states map[string]container.ContainerState // by container
}

func newStateCounter() *stateCounter {
	return &stateCounter{states: map[string]container.ContainerState{}}
}

func (s *stateCounter) set(id string, state container.ContainerState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states[id] = state
}

func (s *stateCounter) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.states, id)
}

// get counts. A container that waits to be started again counts as running, as
// in docker; one that never ran as stopped.
func (s *stateCounter) get() (running, paused, stopped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, state := range s.states {
		switch state {
		case container.StateRunning, container.StateRestarting:
			running++
		case container.StatePaused:
			paused++
		default:
			stopped++
		}
	}
	return running, paused, stopped
}
