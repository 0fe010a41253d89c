// Package worker is a stand-in for tests of Temporal's SDK: real names and
// signatures.
package worker

import "go.temporal.io/sdk/client"

type Options struct{ MaxConcurrentActivityExecutionSize int }

type WorkflowRegistry interface{ RegisterWorkflow(w any) }

type ActivityRegistry interface{ RegisterActivity(a any) }

type Registry interface {
	WorkflowRegistry
	ActivityRegistry
}

type Worker interface {
	Registry
	Run(interruptCh <-chan any) error
}

type worker struct{ all []any }

func (w *worker) RegisterWorkflow(f any)           { w.all = append(w.all, f) }
func (w *worker) RegisterActivity(a any)           { w.all = append(w.all, a) }
func (w *worker) Run(interruptCh <-chan any) error { return nil }

func New(client client.Client, taskQueue string, options Options) Worker { return &worker{} }

func InterruptCh() <-chan any { return nil }
