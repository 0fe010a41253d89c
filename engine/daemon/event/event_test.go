package event

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
)

func TestMatch(t *testing.T) {
	const id = "0123456789abcdef"
	start := types.Event{Type: events.ContainerEventType, Action: "start", Scope: "local", Actor: events.Actor{
		ID: id, Attributes: map[string]string{"name": "box", "image": "busybox:1", "tier": "a"},
	}}
	exec := start
	exec.Action = "exec_create: ls"
	tag := types.Event{Type: events.ImageEventType, Action: "tag", Scope: "local", Actor: events.Actor{
		ID: "sha256:aa", Attributes: map[string]string{"name": "busybox:latest"},
	}}
	made := types.Event{Type: events.VolumeEventType, Action: "create", Scope: "local", Actor: events.Actor{ID: "data"}}
	for _, test := range []struct {
		event   types.Event
		filters types.Filters
		want    bool
	}{
		{start, nil, true},
		{start, types.Filters{"type": {"container"}}, true},
		{start, types.Filters{"type": {"image", "container"}}, true},
		{start, types.Filters{"type": {"image"}}, false},
		{start, types.Filters{"event": {"start"}}, true},
		{start, types.Filters{"event": {"star"}}, false},
		{exec, types.Filters{"event": {"exec_create"}}, true},
		{exec, types.Filters{"event": {"exec"}}, false},
		{start, types.Filters{"container": {"box"}}, true},
		{start, types.Filters{"container": {id}}, true},
		{start, types.Filters{"container": {id[:6]}}, true},
		{start, types.Filters{"container": {"bo"}}, false},
		{start, types.Filters{"container": {"other", "box"}}, true},
		{start, types.Filters{"image": {"busybox:1"}}, true},
		{start, types.Filters{"image": {"busybox"}}, true},
		{start, types.Filters{"image": {"busy"}}, false},
		{start, types.Filters{"label": {"tier"}}, true},
		{start, types.Filters{"label": {"tier=a"}}, true},
		{start, types.Filters{"label": {"tier=b"}}, false},
		{start, types.Filters{"label": {"tier", "blue"}}, false},
		{start, types.Filters{"type": {"container"}, "event": {"stop"}}, false},
		{start, types.Filters{"volume": {"data"}}, false},
		{start, types.Filters{"scope": {"local"}}, true},
		{start, types.Filters{"scope": {"swarm"}}, false},
		{tag, types.Filters{"image": {"busybox:latest"}}, true},
		{tag, types.Filters{"container": {"box"}}, false},
		{made, types.Filters{"volume": {"data"}}, true},
	} {
		if got := Match(test.event, test.filters); got != test.want {
			t.Errorf("%s %s with %v: %t", test.event.Type, test.event.Action, test.filters, got)
		}
	}
}

// add tells that container n did something.
func add(l *Log, n int) {
	l.Add(events.ContainerEventType, events.ActionStart, fmt.Sprint(n), map[string]string{"n": fmt.Sprint(n)})
}

// read takes a number of events, which may not take long.
func read(t *testing.T, from <-chan types.Event, n int) []string {
	t.Helper()
	var ids []string
	deadline := time.After(10 * time.Second)
	for range n {
		select {
		case e, ok := <-from:
			if !ok {
				t.Fatalf("it ended after %v", ids)
			}
			ids = append(ids, e.Actor.ID)
		case <-deadline:
			t.Fatalf("only %v", ids)
		}
	}
	return ids
}

func expectEnd(t *testing.T, from <-chan types.Event) {
	t.Helper()
	select {
	case e, ok := <-from:
		if ok {
			t.Errorf("an event more: %+v", e)
		}
	case <-time.After(10 * time.Second):
		t.Error("it does not end")
	}
}

func TestSubscribe(t *testing.T) {
	l := NewLog()
	add(l, 1)
	time.Sleep(time.Millisecond)
	since := time.Now()
	add(l, 2)
	ctx, cancel := context.WithCancel(t.Context())
	all := l.Subscribe(ctx, time.Unix(1, 0), time.Time{}, nil)
	late := l.Subscribe(ctx, since, time.Time{}, nil)
	next := l.Subscribe(ctx, time.Time{}, time.Time{}, nil)
	some := l.Subscribe(ctx, time.Unix(1, 0), time.Time{}, types.Filters{"container": {"3"}})
	add(l, 3)
	if l.Listeners() != 4 {
		t.Errorf("%d listeners", l.Listeners())
	}
	for _, test := range []struct {
		from <-chan types.Event
		want []string
	}{{all, []string{"1", "2", "3"}}, {late, []string{"2", "3"}}, {next, []string{"3"}}, {some, []string{"3"}}} {
		if got := read(t, test.from, len(test.want)); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%v, want %v", got, test.want)
		}
	}
	cancel()
	for _, from := range []<-chan types.Event{all, late, next, some} {
		expectEnd(t, from)
	}
	for deadline := time.Now().Add(10 * time.Second); l.Listeners() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d listeners are left", l.Listeners())
		}
	}
}

func TestUntil(t *testing.T) {
	l := NewLog()
	add(l, 1)
	time.Sleep(time.Millisecond)
	until := time.Now()
	time.Sleep(time.Millisecond)
	add(l, 2)
	past := l.Subscribe(t.Context(), time.Unix(1, 0), until, nil)
	if got := read(t, past, 1); got[0] != "1" {
		t.Errorf("%v", got)
	}
	expectEnd(t, past)
	soon := l.Subscribe(t.Context(), time.Time{}, time.Now().Add(50*time.Millisecond), nil)
	add(l, 3)
	if got := read(t, soon, 1); got[0] != "3" {
		t.Errorf("%v", got)
	}
	expectEnd(t, soon)
}

// TestRemembered: the log has an end, and so has what a subscriber that does not
// read can hold up.
func TestRemembered(t *testing.T) {
	l := NewLog()
	idle := l.Subscribe(t.Context(), time.Time{}, time.Time{}, nil)
	const many = kept + queue + 500
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range many {
			add(l, i)
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("a subscriber that does not read stops the engine")
	}
	past := l.Subscribe(t.Context(), time.Unix(1, 0), time.Now(), nil)
	got := read(t, past, kept)
	if want := fmt.Sprint(many - kept); got[0] != want {
		t.Errorf("the oldest is %s, want %s", got[0], want)
	}
	expectEnd(t, past)
	// It has lost some, and has the newest.
	taken := 0
	for newest := fmt.Sprint(many - 1); read(t, idle, 1)[0] != newest; taken++ {
		if taken > kept+queue {
			t.Fatal("it has more than was kept for it")
		}
	}
}

// TestAttributes: what was told does not change with the teller's map.
func TestAttributes(t *testing.T) {
	l := NewLog()
	attributes := map[string]string{"name": "box"}
	l.Add(events.ContainerEventType, events.ActionStart, "1", attributes)
	attributes["name"] = "other"
	e := <-l.Subscribe(t.Context(), time.Unix(1, 0), time.Time{}, nil)
	if e.Actor.Attributes["name"] != "box" || e.Scope != "local" || e.Time != e.TimeNano/1e9 {
		t.Errorf("%+v", e)
	}
}
