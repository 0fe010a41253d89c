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

// collector has containerd collect what nothing leads to any more.
type collector struct {
	*stores
	mu      sync.Mutex
	due     *time.Timer // one that will come
	running sync.Mutex  // held while one is under way
}

// Collect has containerd remove what nothing leads to, and waits for it. The
// only ways to ask for that are the ends of a lease and of an image.
func (s *collector) Collect(ctx context.Context) error {
	lease, err := s.lease(ctx)
	if err != nil {
		return err
	}
	return s.Leases.Delete(ctx, lease, leases.SynchronousDelete)
}

// collectSnapshots has containerd look at its snapshots once more. On a full disk
// it cannot write down that one is gone; by now it has removed blobs, and so made
// room, but it looks at snapshots again only after one was removed.
func (s *stores) collectSnapshots(ctx context.Context) error {
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
func (s *collector) collectSoon(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.due != nil {
		s.due.Stop()
	}
	s.due = time.AfterFunc(quiet, func() { s.collectNow(ctx) })
}

func (s *collector) collectNow(ctx context.Context) {
	s.running.Lock()
	defer s.running.Unlock()
	ctx, cancel := context.WithTimeout(ctx, cleanup)
	defer cancel()
	if err := s.Collect(ctx); err != nil {
		logrus.WithError(err).Warn("what is unused stays until the next collection")
	}
}

// Close does what is still to do, and waits for it. Nothing is asked of the
// service afterwards.
func (s *collector) Close(ctx context.Context) {
	s.mu.Lock()
	pending := s.due != nil && s.due.Stop()
	s.mu.Unlock()
	if pending {
		s.collectNow(ctx)
		return
	}
	s.running.Lock() // one that is under way has it
	defer s.running.Unlock()
}
