// Package events sends what happens to the container's processes to
// containerd's ttrpc events service.
//
// Events arrive in the order in which they were published, and at least once:
// one goroutine sends them from a queue, and repeats the oldest until
// containerd has taken it. While containerd is away the queue grows to its
// bound; then the oldest events are lost, which the log says.
package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	service "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/ttrpc"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	queueBound   = 2048
	sendTimeout  = 5 * time.Second
	shortestWait = 50 * time.Millisecond // between two attempts, doubled each time
	longestWait  = 2 * time.Second
	// namespaceHeader is where containerd's ttrpc server looks for the
	// namespace of a request.
	namespaceHeader = "containerd-namespace-ttrpc"
)

// Publisher sends events to one containerd.
type Publisher struct {
	address   string
	namespace string
	log       *slog.Logger

	mu     sync.Mutex
	queue  []*types.Envelope
	lost   int
	closed bool
	filled chan struct{} // gets a token when the queue may have grown
	done   chan struct{} // closed when the sender has ended
	stop   context.CancelFunc

	client *ttrpc.Client // of the sender alone
}

// NewPublisher sends to the events service at address, a unix socket. With no
// address every event is dropped: nobody listens.
func NewPublisher(address, namespace string, log *slog.Logger) *Publisher {
	p := &Publisher{
		address:   strings.TrimPrefix(address, "unix://"),
		namespace: namespace,
		log:       log,
		filled:    make(chan struct{}, 1),
		done:      make(chan struct{}),
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	go p.send(ctx)
	return p
}

// Publish queues an event under a topic. It does not wait.
func (p *Publisher) Publish(topic string, event proto.Message) {
	if p.address == "" {
		return
	}
	body, err := typeurl.MarshalAnyToProto(event)
	if err != nil {
		p.log.Error("event cannot be encoded", "topic", topic, "error", err)
		return
	}
	p.mu.Lock()
	p.queue = append(p.queue, &types.Envelope{
		Timestamp: timestamppb.Now(),
		Namespace: p.namespace,
		Topic:     topic,
		Event:     body,
	})
	if len(p.queue) > queueBound {
		p.queue = p.queue[1:]
		p.lost++
	}
	p.mu.Unlock()
	p.wake()
}

// Close gives the queue until the end of ctx to empty, and ends the sender.
func (p *Publisher) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.wake()
	defer p.stop()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d events not sent: %w", p.left(), ctx.Err())
	}
}

func (p *Publisher) wake() {
	select {
	case p.filled <- struct{}{}:
	default:
	}
}

func (p *Publisher) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}

// send empties the queue until the publisher is closed and the queue empty.
func (p *Publisher) send(ctx context.Context) {
	defer close(p.done)
	defer p.disconnect()
	wait := shortestWait
	for ctx.Err() == nil {
		event, ok := p.oldest(ctx)
		if !ok {
			return
		}
		err := p.forward(ctx, event)
		if retry(err) {
			p.disconnect()
			sleep(ctx, wait)
			wait = min(2*wait, longestWait)
			continue
		}
		if err != nil {
			p.log.Error("containerd refused an event", "topic", event.Topic, "error", err)
		}
		wait = shortestWait
		p.drop(event)
	}
}

// oldest waits for the queue to hold an event; there is none once the
// publisher is closed.
func (p *Publisher) oldest(ctx context.Context) (*types.Envelope, bool) {
	for {
		p.mu.Lock()
		if p.lost > 0 {
			p.log.Error("events were lost while containerd was away", "events", p.lost)
			p.lost = 0
		}
		if len(p.queue) > 0 {
			event := p.queue[0]
			p.mu.Unlock()
			return event, true
		}
		closed := p.closed
		p.mu.Unlock()
		if closed {
			return nil, false
		}
		select {
		case <-p.filled:
		case <-ctx.Done():
			return nil, false
		}
	}
}

// drop takes a sent event off the queue, unless the bound already has.
func (p *Publisher) drop(event *types.Envelope) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) > 0 && p.queue[0] == event {
		p.queue = p.queue[1:]
	}
}

func (p *Publisher) forward(ctx context.Context, event *types.Envelope) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if p.client == nil {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "unix", p.address)
		if err != nil {
			return err
		}
		p.client = ttrpc.NewClient(conn)
	}
	header := ttrpc.MD{}
	header.Set(namespaceHeader, p.namespace)
	events := service.NewTTRPCEventsClient(p.client)
	_, err := events.Forward(ttrpc.WithMetadata(ctx, header), &service.ForwardRequest{Envelope: event})
	return err
}

func (p *Publisher) disconnect() {
	if p.client != nil {
		_ = p.client.Close()
		p.client = nil
	}
}

// retry reports whether the next attempt may end otherwise: everything but an
// answer of containerd itself.
func retry(err error) bool {
	if err == nil {
		return false
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	_, answered := status.FromError(err)
	return !answered
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
