// Package event is what happened lately: a log of the newest events in memory,
// and those who want to be told of the next ones.
package event

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
)

// kept is how many events are remembered, as by docker.
const kept = 256

// queue is how many events wait for a subscriber before it loses the oldest: one
// that does not read must not stop the engine.
const queue = 1024

// Log remembers and tells events.
type Log struct {
	mu          sync.Mutex
	newest      []types.Event // at most kept, the oldest first
	subscribers map[chan types.Event]types.Filters
}

// NewLog is an empty log.
func NewLog() *Log { return &Log{subscribers: map[chan types.Event]types.Filters{}} }

// Add tells that something happened to an object.
func (l *Log) Add(kind events.Type, action events.Action, id string, attributes map[string]string) {
	now := time.Now()
	e := types.Event{
		Type: kind, Action: action, Actor: events.Actor{ID: id, Attributes: maps.Clone(attributes)},
		Scope: "local", Time: now.Unix(), TimeNano: now.UnixNano(),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.newest) == kept {
		l.newest = slices.Delete(l.newest, 0, 1)
	}
	l.newest = append(l.newest, e)
	for s, filters := range l.subscribers {
		if !Match(e, filters) {
			continue
		}
		select {
		case s <- e:
		default:
			select {
			case <-s: // the oldest makes room
			default: // the subscriber has made some
			}
			s <- e // nobody else sends, so there is room
		}
	}
}

// Subscribe sends the remembered events from since on, then new ones, until ctx
// ends or until is reached. Zero times are no bounds; with a zero since nothing
// of the past is sent.
func (l *Log) Subscribe(ctx context.Context, since, until time.Time, filters types.Filters) <-chan types.Event {
	in := make(chan types.Event, queue+kept)
	out := make(chan types.Event)
	l.mu.Lock()
	if !since.IsZero() {
		for _, e := range l.newest {
			at := time.Unix(0, e.TimeNano)
			if !at.Before(since) && (until.IsZero() || !at.After(until)) && Match(e, filters) {
				in <- e
			}
		}
	}
	l.subscribers[in] = filters
	l.mu.Unlock()

	var end <-chan time.Time
	if !until.IsZero() {
		end = time.After(time.Until(until))
	}
	send := func(e types.Event) (goOn bool) {
		if !until.IsZero() && time.Unix(0, e.TimeNano).After(until) {
			return false
		}
		select {
		case out <- e:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(out)
		defer l.unsubscribe(in)
		for {
			select {
			case e := <-in:
				if !send(e) {
					return
				}
			case <-end:
				for { // what came before the end
					select {
					case e := <-in:
						if !send(e) {
							return
						}
					default:
						return
					}
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func (l *Log) unsubscribe(s chan types.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.subscribers, s)
}

// Listeners is how many subscribers there are.
func (l *Log) Listeners() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.subscribers)
}

// Match reports whether an event passes docker's filters.
func Match(e types.Event, filters types.Filters) bool {
	id, name := e.Actor.ID, e.Actor.Attributes["name"]
	named := func(kind events.Type, values []string) bool {
		return e.Type == kind && slices.ContainsFunc(values, func(v string) bool {
			return v == id || v == name || len(v) >= 3 && strings.HasPrefix(id, v)
		})
	}
	for filter, values := range filters {
		var ok bool
		switch filter {
		case "type":
			ok = slices.Contains(values, string(e.Type))
		case "event":
			ok = slices.ContainsFunc(values, func(v string) bool {
				return v == string(e.Action) || strings.HasPrefix(string(e.Action), v+":")
			})
		case "container":
			ok = named(events.ContainerEventType, values)
		case "image":
			image := e.Actor.Attributes["image"]
			ok = named(events.ImageEventType, values) || slices.ContainsFunc(values, func(v string) bool {
				return image != "" && (v == image || v == strings.Split(image, ":")[0])
			})
		case "volume":
			ok = named(events.VolumeEventType, values)
		case "network":
			ok = named(events.NetworkEventType, values)
		case "daemon":
			ok = named(events.DaemonEventType, values)
		case "plugin":
			ok = named(events.PluginEventType, values)
		case "config", "node", "secret", "service":
			ok = false // a swarm's
		case "scope":
			ok = slices.Contains(values, e.Scope)
		case "label":
			ok = true
			for _, v := range values {
				key, value, withValue := strings.Cut(v, "=")
				have, there := e.Actor.Attributes[key]
				ok = ok && there && (!withValue || have == value)
			}
		}
		if !ok {
			return false
		}
	}
	return true
}
