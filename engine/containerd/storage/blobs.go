package storage

import (
	"context"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
)

// blobs is a content store in which a blob on its way in is not dropped while
// its writer is being closed. A client that gives up closes and drops at once,
// over two streams; the closing writes a file into the folder that the dropping
// removes, and one in a while the folder would stay.
type blobs struct {
	content.Store

	mu   sync.Mutex
	open map[string]chan struct{} // by the blob's ref; closed when its writer is
}

func newBlobs(store content.Store) *blobs {
	return &blobs{Store: store, open: map[string]chan struct{}{}}
}

// Writer opens a blob to be written.
func (b *blobs) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	w, err := b.Store.Writer(ctx, opts...)
	if err != nil {
		return nil, err
	}
	var o content.WriterOpts
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	closed := make(chan struct{})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[o.Ref] = closed
	return &blobWriter{w, sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.open[o.Ref] == closed {
			delete(b.open, o.Ref)
		}
		close(closed)
	})}, nil
}

// closeTime is how long a writer that nobody uses any more may take to be
// closed.
const closeTime = 5 * time.Second

// Abort drops a blob that is not wholly written.
func (b *blobs) Abort(ctx context.Context, ref string) error {
	b.mu.Lock()
	closed := b.open[ref]
	b.mu.Unlock()
	if closed != nil {
		select {
		case <-closed:
		case <-time.After(closeTime):
		case <-ctx.Done():
		}
	}
	return b.Store.Abort(ctx, ref)
}

// blobWriter tells when it is done with.
type blobWriter struct {
	content.Writer
	done func()
}

// Commit makes the blob part of the store. The writer is done with, unless it
// fails.
func (w *blobWriter) Commit(ctx context.Context, size int64, expected digest.Digest, opts ...content.Opt) error {
	err := w.Writer.Commit(ctx, size, expected, opts...)
	if err == nil {
		w.done()
	}
	return err
}

// Close gives the writer up. The blob stays half written until it is dropped.
func (w *blobWriter) Close() error {
	defer w.done()
	return w.Writer.Close()
}
