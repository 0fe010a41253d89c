package events

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	api "github.com/containerd/containerd/api/events"
	service "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/ttrpc"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// receiver is containerd's side: it keeps what it takes.
type receiver struct {
	mu     sync.Mutex
	ids    []string
	header string
	refuse string // ID of an event that it does not take
}

func (r *receiver) Forward(ctx context.Context, req *service.ForwardRequest) (*emptypb.Empty, error) {
	event, err := typeurl.UnmarshalAny(req.Envelope.Event)
	if err != nil {
		return nil, err
	}
	id := event.(*api.TaskStart).ContainerID
	r.mu.Lock()
	defer r.mu.Unlock()
	if md, ok := ttrpc.GetMetadata(ctx); ok {
		if v, ok := md.Get(namespaceHeader); ok && len(v) == 1 {
			r.header = v[0]
		}
	}
	if id == r.refuse {
		return nil, status.Error(codes.InvalidArgument, "no")
	}
	if req.Envelope.Namespace != "ns" || req.Envelope.Topic != "/tasks/start" || req.Envelope.Timestamp == nil {
		return nil, status.Error(codes.Internal, "envelope is incomplete")
	}
	r.ids = append(r.ids, id)
	return &emptypb.Empty{}, nil
}

// mortal is a listener whose connections can be cut, as by the death of their
// process. A ttrpc server's own Close spares those with a call under way.
type mortal struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (m *mortal) Accept() (net.Conn, error) {
	conn, err := m.Listener.Accept()
	if err == nil {
		m.mu.Lock()
		m.conns = append(m.conns, conn)
		m.mu.Unlock()
	}
	return conn, err
}

func (m *mortal) die() {
	m.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, conn := range m.conns {
		conn.Close()
	}
}

func (r *receiver) serve(t *testing.T, path string) *mortal {
	t.Helper()
	_ = os.Remove(path)
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server, err := ttrpc.NewServer()
	if err != nil {
		t.Fatal(err)
	}
	service.RegisterTTRPCEventsService(server, r)
	dying := &mortal{Listener: listener}
	go func() { _ = server.Serve(context.Background(), dying) }()
	t.Cleanup(dying.die)
	return dying
}

func (r *receiver) want(t *testing.T, from, to int) {
	t.Helper()
	var got []string
	for range 500 {
		r.mu.Lock()
		got = append([]string(nil), r.ids...)
		r.mu.Unlock()
		if len(got) >= to-from {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if len(got) != to-from {
		t.Fatalf("%d events came, want %d", len(got), to-from)
	}
	for i, id := range got {
		if id != strconv.Itoa(from+i) {
			t.Fatalf("event %d is %s, want %d: %v", i, id, from+i, got)
		}
	}
}

func publish(p *Publisher, from, to int) {
	for i := from; i < to; i++ {
		p.Publish("/tasks/start", &api.TaskStart{ContainerID: strconv.Itoa(i)})
	}
}

func closePublisher(t *testing.T, p *Publisher) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	r := &receiver{}
	r.serve(t, path)
	p := NewPublisher("unix://"+path, "ns", slog.New(slog.DiscardHandler))
	publish(p, 0, 300)
	closePublisher(t, p)
	r.want(t, 0, 300)
	if r.header != "ns" {
		t.Errorf("namespace in the header %q", r.header)
	}
}

// TestAway sends while nobody listens, then while somebody does, and again.
func TestAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	p := NewPublisher(path, "ns", slog.New(slog.DiscardHandler))
	publish(p, 0, 10)
	time.Sleep(20 * time.Millisecond)
	r := &receiver{}
	server := r.serve(t, path)
	r.want(t, 0, 10)
	server.die()
	publish(p, 10, 20)
	time.Sleep(20 * time.Millisecond)
	again := &receiver{}
	again.serve(t, path)
	again.want(t, 10, 20)
	closePublisher(t, p)
}

// TestRefused goes on after an event that containerd does not take.
func TestRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	r := &receiver{refuse: "0"}
	r.serve(t, path)
	p := NewPublisher(path, "ns", slog.New(slog.DiscardHandler))
	publish(p, 0, 5)
	closePublisher(t, p)
	r.want(t, 1, 5)
}

// TestBound keeps the newest events when too many wait.
func TestBound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	p := NewPublisher(path, "ns", slog.New(slog.DiscardHandler))
	publish(p, 0, queueBound+100)
	if n := p.left(); n != queueBound {
		t.Errorf("%d events wait, want %d", n, queueBound)
	}
	r := &receiver{}
	r.serve(t, path)
	closePublisher(t, p)
	// One that was on its way when the bound took it off may come all the same.
	r.mu.Lock()
	if len(r.ids) == queueBound+1 {
		r.ids = r.ids[1:]
	}
	r.mu.Unlock()
	r.want(t, 100, queueBound+100)
}

// TestCloseGivesUp ends although nobody listens.
func TestCloseGivesUp(t *testing.T) {
	p := NewPublisher(filepath.Join(t.TempDir(), "s"), "ns", slog.New(slog.DiscardHandler))
	publish(p, 0, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := p.Close(ctx); err == nil {
		t.Error("events to nobody were sent")
	}
	select {
	case <-p.done:
	case <-time.After(time.Second):
		t.Error("the sender goes on after Close")
	}
}

func TestNoAddress(t *testing.T) {
	p := NewPublisher("", "ns", slog.New(slog.DiscardHandler))
	publish(p, 0, 3)
	closePublisher(t, p)
}
