// Package client is a stand-in for tests of Temporal's SDK: real names and
// signatures.
package client

import "context"

type (
	Options              struct{ HostPort string }
	StartWorkflowOptions struct{ ID, TaskQueue string }
)

type WorkflowRun interface{ GetID() string }

type Client interface {
	ExecuteWorkflow(ctx context.Context, options StartWorkflowOptions, workflow any, args ...any) (WorkflowRun, error)
	Close()
}

type local struct{}

func (local) ExecuteWorkflow(ctx context.Context, options StartWorkflowOptions, workflow any, args ...any) (WorkflowRun, error) {
	return nil, nil
}

func (local) Close() {}

func Dial(options Options) (Client, error) { return local{}, nil }
