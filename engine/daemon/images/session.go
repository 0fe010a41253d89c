package images

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/leases"
	"github.com/sirupsen/logrus"
)

// sessionPrefix begins the names of leases, and of blobs on their way in.
const sessionPrefix = "engine-image-"

// sessionLimit ends the lease of a session whose engine was killed and never
// started again.
const sessionLimit = 24 * time.Hour

// cleanup is how long the end of a session may take after its request is gone.
const cleanup = time.Minute

// session is an image on its way in. It is the content store as those see it
// who write: a blob that is being written has a name of this session alone. Two
// archives with a "layer.tar" each would otherwise continue each other's file.
type session struct {
	content.Store
	service *stores
	lease   leases.Lease

	mu     sync.Mutex
	failed error // the first failure of the store, as against one of the input
	full   bool  // the disk was, while layers were unpacked
}

// begin starts a session. What is written with the context it returns is kept
// until end, whether or not anything leads to it.
func (s *stores) begin(ctx context.Context) (context.Context, *session, error) {
	lease, err := s.lease(ctx)
	if err != nil {
		return nil, nil, err
	}
	return leases.WithLease(ctx, lease.ID), &session{Store: s.Content, service: s, lease: lease}, nil
}

func (s *stores) lease(ctx context.Context) (leases.Lease, error) {
	return s.Leases.Create(ctx, leases.WithID(sessionPrefix+random()), leases.WithExpiration(sessionLimit))
}

func random() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // it never fails: it would end the program
	return hex.EncodeToString(b)
}

// end drops what is half written and lets the collector have what nothing leads
// to. It is done although the request may be cancelled.
func (in *session) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanup)
	defer cancel()
	ingests, err := in.ListStatuses(ctx)
	for _, ingest := range ingests {
		if strings.HasPrefix(ingest.Ref, in.lease.ID) {
			err = errors.Join(err, in.Abort(ctx, ingest.Ref))
		}
	}
	err = errors.Join(err, in.service.Leases.Delete(ctx, in.lease, leases.SynchronousDelete))
	if in.full {
		err = errors.Join(err, in.service.collectSnapshots(ctx))
	}
	if err != nil {
		logrus.WithError(err).Warn("an image's leftovers stay until the next collection")
	}
}

// hold keeps something that is there, if it is, until the session ends. What is
// written in the session needs no call.
func (in *session) hold(ctx context.Context, kind, id string) error {
	return in.service.Leases.AddResource(ctx, in.lease, leases.Resource{Type: kind, ID: id})
}

// Writer opens a blob to be written, under a name of this session.
func (in *session) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var o content.WriterOpts
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	w, err := in.Store.Writer(ctx, content.WithRef(in.lease.ID+"-"+o.Ref), content.WithDescriptor(o.Desc))
	if err != nil {
		return nil, err
	}
	return &sessionWriter{w, in}, nil
}

// sessionWriter notes that the store failed.
type sessionWriter struct {
	content.Writer
	in *session
}

func (w *sessionWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil && !errors.Is(err, content.ErrReset) {
		w.in.mu.Lock()
		defer w.in.mu.Unlock()
		if w.in.failed == nil {
			w.in.failed = err
		}
	}
	return n, err
}

// storeFailed is the failure of the store, if there was one.
func (in *session) storeFailed() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.failed
}

// isFull reports whether the disk is full. The number of the error does not come
// through gRPC.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), syscall.ENOSPC.Error())
}
