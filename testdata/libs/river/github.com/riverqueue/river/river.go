// Package river is a stand-in for tests of riverqueue/river: real names and
// signatures.
package river

import (
	"context"

	"github.com/riverqueue/river/rivertype"
)

type JobArgs interface{ Kind() string }

type Job[T JobArgs] struct{ Args T }

type Worker[T JobArgs] interface {
	Work(ctx context.Context, job *Job[T]) error
}

type WorkerDefaults[T JobArgs] struct{}

type Workers struct {
	m map[string]func(context.Context) error
}

func NewWorkers() *Workers { return &Workers{map[string]func(context.Context) error{}} }

func AddWorker[T JobArgs](workers *Workers, worker Worker[T]) {
	var args T
	workers.m[args.Kind()] = func(ctx context.Context) error { return worker.Work(ctx, &Job[T]{args}) }
}

type InsertOpts struct{ Queue string }

type Client[TTx any] struct{ workers *Workers }

func (c *Client[TTx]) Start(ctx context.Context) error { return c.workers.m[""](ctx) }

func (c *Client[TTx]) Insert(ctx context.Context, args JobArgs, opts *InsertOpts) (*rivertype.JobInsertResult, error) {
	return &rivertype.JobInsertResult{}, c.workers.m[args.Kind()](ctx)
}
