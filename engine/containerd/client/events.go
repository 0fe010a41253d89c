package client

import (
	"context"

	apievents "github.com/containerd/containerd/api/events"
	eventsapi "github.com/containerd/containerd/api/services/events/v1"
	apitypes "github.com/containerd/containerd/api/types"
	"google.golang.org/protobuf/proto"

	"github.com/callroute/callroute/engine/containerd/types"
)

// Events sends what happens to tasks until ctx ends or the connection is lost,
// which closes the channel.
func (c *Client) Events(ctx context.Context) (<-chan types.TaskEvent, error) {
	stream, err := eventsapi.NewEventsClient(c.conn).Subscribe(ctx, &eventsapi.SubscribeRequest{
		Filters: []string{"namespace==" + c.config.Namespace + `,topic~="^/tasks/"`},
	})
	if err != nil {
		return nil, failed(err)
	}
	events := make(chan types.TaskEvent, 64)
	go func() {
		defer close(events)
		for {
			envelope, err := stream.Recv()
			if err != nil {
				return
			}
			event, ok := eventOf(envelope)
			if !ok {
				continue
			}
			select {
			case events <- event:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events, nil
}

// eventOf reads an event that the daemon has a use for.
func eventOf(e *apitypes.Envelope) (types.TaskEvent, bool) {
	event := types.TaskEvent{Kind: types.TaskEventKind(e.Topic)}
	read := func(m proto.Message) bool { return e.Event != nil && proto.Unmarshal(e.Event.Value, m) == nil }
	switch event.Kind {
	case types.TaskExit:
		m := new(apievents.TaskExit)
		if !read(m) {
			return event, false
		}
		event.ID, event.Pid = m.ContainerID, int(m.Pid)
		if m.ID != m.ContainerID {
			event.ExecID = m.ID
		}
		event.Exit = types.Exit{Status: m.ExitStatus, At: m.ExitedAt.AsTime()}
	case types.TaskOOM:
		m := new(apievents.TaskOOM)
		if !read(m) {
			return event, false
		}
		event.ID = m.ContainerID
	case types.TaskPaused:
		m := new(apievents.TaskPaused)
		if !read(m) {
			return event, false
		}
		event.ID = m.ContainerID
	case types.TaskResumed:
		m := new(apievents.TaskResumed)
		if !read(m) {
			return event, false
		}
		event.ID = m.ContainerID
	case types.TaskCheckpoint:
		m := new(apievents.TaskCheckpointed)
		if !read(m) {
			return event, false
		}
		event.ID = m.ContainerID
	default:
		return event, false
	}
	return event, true
}
