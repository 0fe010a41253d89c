package server

import (
	"context"

	eventsapi "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/core/events/exchange"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Events receives over ttrpc what shims tell, and tells it to everybody.
type Events struct{ exchange *exchange.Exchange }

// NewEvents hands events on to x.
func NewEvents(x *exchange.Exchange) *Events { return &Events{x} }

// Forward takes one event of a shim.
func (e *Events) Forward(ctx context.Context, r *eventsapi.ForwardRequest) (*emptypb.Empty, error) {
	err := e.exchange.Forward(namespaces.WithNamespace(ctx, r.Envelope.Namespace), &events.Envelope{
		Timestamp: r.Envelope.Timestamp.AsTime(),
		Namespace: r.Envelope.Namespace,
		Topic:     r.Envelope.Topic,
		Event:     r.Envelope.Event,
	})
	return &emptypb.Empty{}, errgrpc.ToGRPC(err)
}
