// Package asynq is a stand-in for tests of hibiken/asynq: real names and
// signatures.
package asynq

import "context"

type Task struct {
	typename string
	payload  []byte
}

type (
	Option         interface{ String() string }
	TaskInfo       struct{ ID string }
	RedisConnOpt   interface{ MakeRedisClient() interface{} }
	RedisClientOpt struct{ Addr string }
	Config         struct{ Concurrency int }
)

func (RedisClientOpt) MakeRedisClient() interface{} { return nil }

func NewTask(typename string, payload []byte, opts ...Option) *Task { return &Task{typename, payload} }

func (t *Task) Payload() []byte { return t.payload }

type Client struct{ queue []*Task }

func NewClient(r RedisConnOpt) *Client { return &Client{} }

func (c *Client) Enqueue(task *Task, opts ...Option) (*TaskInfo, error) {
	c.queue = append(c.queue, task)
	return &TaskInfo{}, nil
}

type Handler interface {
	ProcessTask(context.Context, *Task) error
}

type HandlerFunc func(context.Context, *Task) error

func (fn HandlerFunc) ProcessTask(ctx context.Context, task *Task) error { return fn(ctx, task) }

type ServeMux struct{ m map[string]Handler }

func NewServeMux() *ServeMux { return &ServeMux{map[string]Handler{}} }

func (mux *ServeMux) Handle(pattern string, handler Handler) { mux.m[pattern] = handler }

func (mux *ServeMux) HandleFunc(pattern string, handler func(context.Context, *Task) error) {
	mux.Handle(pattern, HandlerFunc(handler))
}

func (mux *ServeMux) ProcessTask(ctx context.Context, task *Task) error {
	return mux.m[task.typename].ProcessTask(ctx, task)
}

type Server struct{ config Config }

func NewServer(r RedisConnOpt, cfg Config) *Server { return &Server{cfg} }

func (srv *Server) Run(handler Handler) error { return handler.ProcessTask(nil, &Task{}) }
