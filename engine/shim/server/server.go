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

	task "github.com/containerd/containerd/api/runtime/task/v2"
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

// A verb that has begun is finished, also when containerd dies meanwhile: a
// runtime that is cut off in the middle leaves half a container. So the
// methods keep a request's values and forget its end; only Wait may be left.
func methods(s *service) map[string]ttrpc.Method {
	return map[string]ttrpc.Method{
		"Create": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.CreateTaskRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Create(context.WithoutCancel(ctx), &req))
		},
		"Start": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.StartRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Start(context.WithoutCancel(ctx), &req))
		},
		"Exec": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.ExecProcessRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Exec(context.WithoutCancel(ctx), &req))
		},
		"Kill": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.KillRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Kill(context.WithoutCancel(ctx), &req))
		},
		"Pause": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.PauseRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Pause(context.WithoutCancel(ctx), &req))
		},
		"Resume": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.ResumeRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Resume(context.WithoutCancel(ctx), &req))
		},
		"Update": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.UpdateTaskRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Update(context.WithoutCancel(ctx), &req))
		},
		"Checkpoint": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.CheckpointTaskRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Checkpoint(context.WithoutCancel(ctx), &req))
		},
		"ResizePty": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.ResizePtyRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.ResizePty(context.WithoutCancel(ctx), &req))
		},
		"CloseIO": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.CloseIORequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.CloseIO(context.WithoutCancel(ctx), &req))
		},
		"Pids": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.PidsRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Pids(context.WithoutCancel(ctx), &req))
		},
		"Stats": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.StatsRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Stats(context.WithoutCancel(ctx), &req))
		},
		"State": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.StateRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.State(context.WithoutCancel(ctx), &req))
		},
		"Wait": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.WaitRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Wait(ctx, &req))
		},
		"Delete": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.DeleteRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Delete(context.WithoutCancel(ctx), &req))
		},
		"Connect": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.ConnectRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Connect(context.WithoutCancel(ctx), &req))
		},
		"Shutdown": func(ctx context.Context, unmarshal func(any) error) (any, error) {
			var req task.ShutdownRequest
			if err := unmarshal(&req); err != nil {
				return nil, err
			}
			return answered(s.Shutdown(context.WithoutCancel(ctx), &req))
		},
	}
}

// answered is a method's result. A plain nil error stays one.
func answered(resp any, err error) (any, error) {
	if err != nil {
		return nil, errgrpc.ToGRPC(err)
	}
	return resp, nil
}
