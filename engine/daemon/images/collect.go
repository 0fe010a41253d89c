package images

import (
	"context"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/leases"
	"github.com/sirupsen/logrus"
)

// quiet is how long nothing is removed before a collection: one does for many
// containers that are removed one after the other.
const quiet = 300 * time.Millisecond

// collection is one that will come, or is under way.
type collection struct {
	mu      sync.Mutex
	due     *time.Timer
	running sync.Mutex
}

// Collect has containerd remove what nothing leads to, and waits for it. The
// only ways to ask for that are the ends of a lease and of an image.
func (s *Service) Collect(ctx context.Context) error {
	lease, err := s.lease(ctx)
	if err != nil {
		return err
	}
	return s.Leases.Delete(ctx, lease, leases.SynchronousDelete)
}

// collectSnapshots has containerd look at its snapshots once more. On a full disk
// it cannot write down that one is gone; by now it has removed blobs, and so made
// room, but it looks at snapshots again only after one was removed.
func (s *Service) collectSnapshots(ctx context.Context) error {
	lease, err := s.lease(ctx)
	if err != nil {
		return err
	}
	ctx = leases.WithLease(ctx, lease.ID)
	if _, err := s.Snapshots.Prepare(ctx, lease.ID, ""); err != nil {
		return err
	}
	if err := s.Snapshots.Remove(ctx, lease.ID); err != nil {
		return err
	}
	return s.Leases.Delete(ctx, lease, leases.SynchronousDelete)
}

// collectSoon does so in a moment, and does not wait.
func (s *Service) collectSoon(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	c := &s.collection
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.due != nil {
		c.due.Stop()
	}
	c.due = time.AfterFunc(quiet, func() { s.collectNow(ctx) })
}

func (s *Service) collectNow(ctx context.Context) {
	s.collection.running.Lock()
	defer s.collection.running.Unlock()
	ctx, cancel := context.WithTimeout(ctx, cleanup)
	defer cancel()
	if err := s.Collect(ctx); err != nil {
		logrus.WithError(err).Warn("what is unused stays until the next collection")
	}
}

// Close does what is still to do, and waits for it. Nothing is asked of the
// service afterwards.
func (s *Service) Close(ctx context.Context) {
	c := &s.collection
	c.mu.Lock()
	pending := c.due != nil && c.due.Stop()
	c.mu.Unlock()
	if pending {
		s.collectNow(ctx)
		return
	}
	c.running.Lock() // one that is under way has it
	defer c.running.Unlock()
}
