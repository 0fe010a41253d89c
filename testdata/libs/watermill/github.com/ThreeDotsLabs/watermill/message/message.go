// Package message is a stand-in for tests of ThreeDotsLabs/watermill: real names
// and signatures.
package message

import "context"

type Payload []byte

type Message struct {
	UUID    string
	Payload Payload
}

type Messages []*Message

func NewMessage(uuid string, payload Payload) *Message { return &Message{uuid, payload} }

type Publisher interface {
	Publish(topic string, messages ...*Message) error
	Close() error
}

type Subscriber interface {
	Subscribe(ctx context.Context, topic string) (<-chan *Message, error)
	Close() error
}

type (
	HandlerFunc          func(msg *Message) ([]*Message, error)
	NoPublishHandlerFunc func(msg *Message) error
	Handler              struct{ name string }
	Router               struct{ handlers map[string]any }
)

func (r *Router) AddHandler(handlerName, subscribeTopic string, subscriber Subscriber, publishTopic string, publisher Publisher, handlerFunc HandlerFunc) *Handler {
	r.handlers[handlerName] = handlerFunc
	return &Handler{handlerName}
}

func (r *Router) AddNoPublisherHandler(handlerName, subscribeTopic string, subscriber Subscriber, handlerFunc NoPublishHandlerFunc) *Handler {
	r.handlers[handlerName] = handlerFunc
	return &Handler{handlerName}
}

func (r *Router) Run(ctx context.Context) error { return nil }
