package storage

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/log"
)

// Collector removes what nothing reaches: a while after something was deleted,
// after many changes, when it is asked to, and at its start, as a killed process
// may have left something.
//
// Nothing can be written while it marks. It therefore waits for a moment of
// quiet, so that one collection does for many deletions, and rests after each in
// proportion to the time it took.
type Collector struct {
	db      *metadata.DB
	changes atomic.Int64      // since the last collection began
	due     chan struct{}     // holds a value if there is something to collect
	asked   chan chan<- error // who waits for a collection that begins after it asked
}

const (
	quiet       = 500 * time.Millisecond
	restFactor  = 49  // a collector that has much to do takes 2% of the time
	manyChanges = 100 // after which some may have left something behind, though nothing was deleted
)

func newCollector(db *metadata.DB) *Collector {
	c := &Collector{db: db, due: make(chan struct{}, 1), asked: make(chan chan<- error)}
	db.RegisterMutationCallback(c.changed)
	c.due <- struct{}{}
	return c
}

// changed is called with the metadata locked, so it must not wait.
func (c *Collector) changed(deletion bool) {
	if c.changes.Add(1) < manyChanges && !deletion {
		return
	}
	select {
	case c.due <- struct{}{}:
	default:
	}
}

// Collect removes what nothing reaches by now, and waits for that. Run must run.
func (c *Collector) Collect(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case c.asked <- done:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run collects until ctx ends.
func (c *Collector) Run(ctx context.Context) {
	rested := time.Now()
	var next <-chan time.Time
	for {
		var waiting []chan<- error
		select {
		case <-ctx.Done():
			return
		case <-c.due:
			if next == nil {
				next = time.After(max(quiet, time.Until(rested)))
			}
			continue
		case <-next:
		case done := <-c.asked:
			waiting = append(waiting, done)
		}
		waiting = append(waiting, c.alsoAsked()...)
		next = nil
		began := time.Now()
		err := c.collect(ctx)
		rested = time.Now().Add(restFactor * time.Since(began))
		for _, done := range waiting {
			done <- err
		}
	}
}

// alsoAsked is everybody else who waits by now.
func (c *Collector) alsoAsked() (waiting []chan<- error) {
	for {
		select {
		case done := <-c.asked:
			waiting = append(waiting, done)
		default:
			return waiting
		}
	}
}

func (c *Collector) collect(ctx context.Context) error {
	c.changes.Store(0)
	select {
	case <-c.due: // this collection is the one
	default:
	}
	stats, err := c.db.GarbageCollect(ctx)
	if err != nil {
		log.G(ctx).WithError(err).Error("what is unused could not be collected")
		return err
	}
	log.G(ctx).Debugf("collected what is unused in %s", stats.Elapsed())
	return nil
}
