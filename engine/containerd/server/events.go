package server

import (
	"context"

	api "github.com/containerd/containerd/api/services/events/v1"
	ttrpcapi "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/protobuf"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callroute/callroute/engine/errdefs"
)

// Events is where everything that happens is told, and who wants to know
// listens.
type Events interface {
	events.Publisher
	events.Forwarder
	events.Subscriber
}

// eventService lets clients listen and tell.
type eventService struct {
	api.UnimplementedEventsServer
	exchange Events
}

// Subscribe sends what happens from now on and matches any of the filters, until
// the client goes.
func (s *eventService) Subscribe(r *api.SubscribeRequest, stream api.Events_SubscribeServer) error {
	happened, ended := s.exchange.Subscribe(stream.Context(), r.Filters...)
	for {
		select {
		case e := <-happened:
			if err := stream.Send(envelopeToProto(e)); err != nil {
				return err
			}
		case err := <-ended:
			return err
		}
	}
}

// Publish tells an event of the client's own namespace, as of now.
func (s *eventService) Publish(ctx context.Context, r *api.PublishRequest) (*emptypb.Empty, error) {
	if r.Event == nil {
		return nil, errdefs.Invalid("no event")
	}
	return &emptypb.Empty{}, s.exchange.Publish(ctx, r.Topic, r.Event)
}

// Forward tells an event of any namespace and time.
func (s *eventService) Forward(ctx context.Context, r *api.ForwardRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, forward(ctx, s.exchange, r.Envelope)
}

// shimEvents receives over ttrpc what shims tell.
type shimEvents struct{ exchange Events }

// Forward tells everybody one event of a shim.
func (s *shimEvents) Forward(ctx context.Context, r *ttrpcapi.ForwardRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, failed(forward(ctx, s.exchange, r.Envelope))
}

func forward(ctx context.Context, to events.Forwarder, e *types.Envelope) error {
	if e == nil || e.Event == nil {
		return errdefs.Invalid("no event")
	}
	return to.Forward(namespaces.WithNamespace(ctx, e.Namespace), &events.Envelope{
		Timestamp: protobuf.FromTimestamp(e.Timestamp), Namespace: e.Namespace, Topic: e.Topic, Event: e.Event,
	})
}

func envelopeToProto(e *events.Envelope) *types.Envelope {
	return &types.Envelope{
		Timestamp: timestamppb.New(e.Timestamp), Namespace: e.Namespace, Topic: e.Topic, Event: typeurl.MarshalProto(e.Event),
	}
}
