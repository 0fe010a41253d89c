package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	eventsapi "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/fifo"
	"github.com/containerd/ttrpc"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/emptypb"
)

// streams are the fifos of a process.
type streams struct {
	in, out, err string
	input        io.WriteCloser
	output, errs *reader
}

// which streams a process has.
type which struct{ in, out, err bool }

func (h *host) newStreams(name string, w which) streams {
	h.t.Helper()
	var s streams
	open := func(stream string, flag int) (string, io.ReadWriteCloser) {
		path := filepath.Join(h.dir, name+"-"+stream)
		f, err := fifo.OpenFifo(context.Background(), path, flag|syscall.O_CREAT|syscall.O_NONBLOCK, 0o600)
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() { f.Close() })
		return path, f
	}
	if w.in {
		s.in, s.input = open("stdin", syscall.O_WRONLY)
	}
	if w.out {
		var f io.Reader
		s.out, f = open("stdout", syscall.O_RDONLY)
		s.output = newReader(f)
	}
	if w.err {
		var f io.Reader
		s.err, f = open("stderr", syscall.O_RDONLY)
		s.errs = newReader(f)
	}
	return s
}

// reader collects a stream until its end.
type reader struct {
	data lockedBuffer
	done chan struct{}
}

func newReader(from io.Reader) *reader {
	r := &reader{done: make(chan struct{})}
	go func() {
		defer close(r.done)
		_, _ = io.Copy(&r.data, from)
	}()
	return r
}

// all is the whole stream, once it has ended.
func (r *reader) all(tb testing.TB) string {
	tb.Helper()
	select {
	case <-r.done:
	case <-time.After(10 * time.Second):
		tb.Fatalf("stream has not ended; so far %q", r.data.String())
	}
	return r.data.String()
}

// until waits for the stream to hold a text.
func (r *reader) until(tb testing.TB, text string) {
	tb.Helper()
	for range 500 {
		if strings.Contains(r.data.String(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	tb.Fatalf("stream does not hold %q but %q", text, r.data.String())
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// eventsServer is containerd's events service.
type eventsServer struct {
	address string
	server  *ttrpc.Server

	mu   sync.Mutex
	list []*types.Envelope
}

func serveEvents(tb testing.TB, path string) *eventsServer {
	tb.Helper()
	e := &eventsServer{address: path}
	e.listen(tb)
	tb.Cleanup(func() { e.server.Close() })
	return e
}

// listen begins to serve; after a Close of the server it does again.
func (e *eventsServer) listen(tb testing.TB) {
	tb.Helper()
	_ = os.Remove(e.address)
	listener, err := net.Listen("unix", e.address)
	if err != nil {
		tb.Fatal(err)
	}
	server, err := ttrpc.NewServer()
	if err != nil {
		tb.Fatal(err)
	}
	eventsapi.RegisterTTRPCEventsService(server, e)
	e.server = server
	go func() { _ = server.Serve(context.Background(), listener) }()
}

func (e *eventsServer) Forward(_ context.Context, r *eventsapi.ForwardRequest) (*emptypb.Empty, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, r.Envelope)
	return &emptypb.Empty{}, nil
}

// topics lists what came for a container, in order.
func (e *eventsServer) topics(tb testing.TB, id string) []string {
	tb.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	var topics []string
	for _, envelope := range e.list {
		event, err := typeurl.UnmarshalAny(envelope.Event)
		if err != nil {
			tb.Fatal(err)
		}
		named, ok := event.(interface{ GetContainerID() string })
		if ok && named.GetContainerID() == id {
			topics = append(topics, envelope.Topic)
		}
	}
	return topics
}

// until waits for a container's events to be as many as wanted.
func (e *eventsServer) until(tb testing.TB, id string, n int) []string {
	tb.Helper()
	var topics []string
	for range 500 {
		if topics = e.topics(tb, id); len(topics) >= n {
			return topics
		}
		time.Sleep(10 * time.Millisecond)
	}
	tb.Fatalf("%d events wanted, got %q", n, topics)
	return nil
}
