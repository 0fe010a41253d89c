// Package nats is a stand-in for tests of nats-io/nats.go: real names and
// signatures.
package nats

import "time"

type Msg struct {
	Subject string
	Data    []byte
}

type (
	MsgHandler   func(msg *Msg)
	Option       func(*Options) error
	Options      struct{ Url string }
	Subscription struct{ Subject string }
)

type Conn struct{ subs map[string]MsgHandler }

func Connect(url string, options ...Option) (*Conn, error) {
	return &Conn{map[string]MsgHandler{}}, nil
}

func (nc *Conn) Publish(subj string, data []byte) error {
	nc.subs[subj](&Msg{subj, data})
	return nil
}

func (nc *Conn) PublishMsg(m *Msg) error { return nc.Publish(m.Subject, m.Data) }

func (nc *Conn) Request(subj string, data []byte, timeout time.Duration) (*Msg, error) {
	return nil, nc.Publish(subj, data)
}

func (nc *Conn) Subscribe(subj string, cb MsgHandler) (*Subscription, error) {
	nc.subs[subj] = cb
	return &Subscription{subj}, nil
}

func (nc *Conn) QueueSubscribe(subj, queue string, cb MsgHandler) (*Subscription, error) {
	return nc.Subscribe(subj, cb)
}
