package daemon

import (
	"sync"
	"testing"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
)

func TestStateCounter(t *testing.T) {
	s := newStateCounter()
	for i, test := range []struct {
		id                       string
		state                    container.ContainerState
		running, paused, stopped int
	}{
		{"a", container.StateCreated, 0, 0, 1},
		{"a", container.StateRunning, 1, 0, 0},
		{"b", container.StateRunning, 2, 0, 0},
		{"b", container.StatePaused, 1, 1, 0},
		{"a", container.StateRestarting, 1, 1, 0},
		{"a", container.StateExited, 0, 1, 1},
		{"c", container.StateDead, 0, 1, 2},
		{"c", container.StateRemoving, 0, 1, 2},
		{"c", "", 0, 1, 1},
		{"nobody", "", 0, 1, 1},
	} {
		if test.state == "" {
			s.remove(test.id)
		} else {
			s.set(test.id, test.state)
		}
		if r, p, st := s.get(); r != test.running || p != test.paused || st != test.stopped {
			t.Errorf("step %d: %d %d %d, want %d %d %d", i, r, p, st, test.running, test.paused, test.stopped)
		}
	}
}

// TestLateChange: a change that comes after the removal counts for nothing.
func TestLateChange(t *testing.T) {
	b := newBench(t)
	b.create("box")
	c, err := b.containers.Get("box")
	b.do(err)
	b.do(b.Remove(t.Context(), "box", types.RemoveOptions{}))
	b.change(c, func(r *ours.Record) { r.WantStopped = true })
	b.expectCounts("after", "0 0 0 0")
}

// TestCountsAtOnce starts and removes many containers at once, by force and by
// their own end, and counts.
func TestCountsAtOnce(t *testing.T) {
	b := newBench(t)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			change := []func(*types.CreateRequest){func(*types.CreateRequest) {}, autoRemove}[i%2]
			response, err := b.Create(t.Context(), "", request(change))
			if err != nil {
				t.Error(err)
				return
			}
			if err := b.Start(t.Context(), response.ID, types.StartOptions{}); err != nil {
				t.Error(err)
			}
			if i%4 < 2 {
				go b.containerd.exit(response.ID, 0)
			}
			// One of run --rm may be gone by now.
			if err := b.Remove(t.Context(), response.ID, types.RemoveOptions{Force: true}); err != nil && i%2 == 0 {
				t.Error(err)
			}
		})
	}
	all.Wait()
	eventually(t, "all are gone", func() bool { return len(b.containers.All()) == 0 })
	b.expectCounts("after", "0 0 0 0")
	if n := len(b.containerd.running()); n > 0 {
		t.Errorf("%d tasks are left", n)
	}
	if n := len(b.images.prepared); n > 0 {
		t.Errorf("%d file systems are left", n)
	}
}
