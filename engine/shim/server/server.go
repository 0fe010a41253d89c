// Package server is the shim's side of containerd's task API: it decodes a
// request, asks the core, and encodes the answer.
//
// containerd before 2.0 calls version 2 of the API, later ones version 3. The
// versions differ in the service's name and in nothing else, so one table of
// methods serves both. The messages are taken from version 2: its package
// comes without gRPC, which would cost each shim several milliseconds and
// megabytes and is never spoken here.
//
// Errors keep their class on the way, as a gRPC status.
package server

import (
	"context"

	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/containerd/ttrpc"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/shim/types"
)

// Task is what the server asks of the core. The exec ID of the container's
// first process is empty.
type Task interface {
	Create(ctx context.Context, req types.Create) (pid int, err error)
	Start(ctx context.Context, id, execID string) (pid int, err error)
	Exec(ctx context.Context, id string, req types.Exec) error
	Kill(ctx context.Context, id, execID string, signal int, scope types.KillScope) error
	Pause(ctx context.Context, id string) error
	Resume(ctx context.Context, id string) error
	Update(ctx context.Context, id string, resources *ctypes.Resources) error
	Checkpoint(ctx context.Context, id string, req types.Checkpoint) error
	ResizePty(ctx context.Context, id, execID string, width, height uint16) error
	CloseIO(ctx context.Context, id, execID string) error
	Pids(ctx context.Context, id string) ([]types.Process, error)
	Stats(ctx context.Context, id string) (any, error)
	State(ctx context.Context, id, execID string) (types.State, error)
	Wait(ctx context.Context, id, execID string) (types.Exit, error)
	Delete(ctx context.Context, id, execID string) (types.Exit, error)
	Connect(ctx context.Context, id string) (shimPid, taskPid int)
	Shutdown(ctx context.Context) error
}

// Register puts both versions of the task service on a server.
func Register(srv *ttrpc.Server, core Task) {
	s := &service{task: core}
	srv.RegisterService("containerd.task.v2.Task", &ttrpc.ServiceDesc{Methods: methods(s)})
	srv.RegisterService("containerd.task.v3.Task", &ttrpc.ServiceDesc{Methods: methods(s)})
}

// service decodes and encodes. Its methods stand each in the file of its verb.
type service struct {
	task Task
}

func methods(s *service) map[string]ttrpc.Method {
	return map[string]ttrpc.Method{
		"Create":     method(s.Create, toTheEnd),
		"Start":      method(s.Start, toTheEnd),
		"Exec":       method(s.Exec, toTheEnd),
		"Kill":       method(s.Kill, toTheEnd),
		"Pause":      method(s.Pause, toTheEnd),
		"Resume":     method(s.Resume, toTheEnd),
		"Update":     method(s.Update, toTheEnd),
		"Checkpoint": method(s.Checkpoint, toTheEnd),
		"ResizePty":  method(s.ResizePty, toTheEnd),
		"CloseIO":    method(s.CloseIO, toTheEnd),
		"Pids":       method(s.Pids, toTheEnd),
		"Stats":      method(s.Stats, toTheEnd),
		"State":      method(s.State, toTheEnd),
		"Wait":       method(s.Wait, untilAsked),
		"Delete":     method(s.Delete, toTheEnd),
		"Connect":    method(s.Connect, toTheEnd),
		"Shutdown":   method(s.Shutdown, toTheEnd),
	}
}

// extent is how long a call may go on.
type extent func(context.Context) context.Context

// A verb that has begun is finished, also when containerd dies meanwhile: a
// runtime that is cut off in the middle leaves half a container. So the methods
// keep a request's values and forget its end; only Wait may be left.
func toTheEnd(ctx context.Context) context.Context   { return context.WithoutCancel(ctx) }
func untilAsked(ctx context.Context) context.Context { return ctx }

// method decodes the request of a call and encodes its answer.
func method[Q, A any](call func(context.Context, *Q) (A, error), lasts extent) ttrpc.Method {
	return func(ctx context.Context, unmarshal func(any) error) (any, error) {
		req := new(Q)
		if err := unmarshal(req); err != nil {
			return nil, err
		}
		return answered(call(lasts(ctx), req))
	}
}

// answered is a method's result. A plain nil error stays one.
func answered(resp any, err error) (any, error) {
	if err != nil {
		return nil, errgrpc.ToGRPC(err)
	}
	return resp, nil
}
