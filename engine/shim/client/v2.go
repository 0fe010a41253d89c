package client

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/ttrpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// serviceV2 is the task service as shims before containerd 2.0 name it. Its
// methods and messages are those of version 3.
const serviceV2 = "containerd.task.v2.Task"

// tasksV2 calls a shim that knows only the service's old name.
type tasksV2 struct {
	client *ttrpc.Client
}

func (t tasksV2) State(ctx context.Context, req *task.StateRequest) (*task.StateResponse, error) {
	resp := &task.StateResponse{}
	return resp, t.client.Call(ctx, serviceV2, "State", req, resp)
}

func (t tasksV2) Create(ctx context.Context, req *task.CreateTaskRequest) (*task.CreateTaskResponse, error) {
	resp := &task.CreateTaskResponse{}
	return resp, t.client.Call(ctx, serviceV2, "Create", req, resp)
}

func (t tasksV2) Start(ctx context.Context, req *task.StartRequest) (*task.StartResponse, error) {
	resp := &task.StartResponse{}
	return resp, t.client.Call(ctx, serviceV2, "Start", req, resp)
}

func (t tasksV2) Delete(ctx context.Context, req *task.DeleteRequest) (*task.DeleteResponse, error) {
	resp := &task.DeleteResponse{}
	return resp, t.client.Call(ctx, serviceV2, "Delete", req, resp)
}

func (t tasksV2) Pids(ctx context.Context, req *task.PidsRequest) (*task.PidsResponse, error) {
	resp := &task.PidsResponse{}
	return resp, t.client.Call(ctx, serviceV2, "Pids", req, resp)
}

func (t tasksV2) Pause(ctx context.Context, req *task.PauseRequest) (*emptypb.Empty, error) {
	resp := &emptypb.Empty{}
	return resp, t.client.Call(ctx, serviceV2, "Pause", req, resp)
}

func (t tasksV2) Resume(ctx context.Context, req *task.ResumeRequest) (*emptypb.Empty, error) {
	resp := &emptypb.Empty{}
	return resp, t.client.Call(ctx, serviceV2, "Resume", req, resp)
}

func (t tasksV2) Checkpoint(ctx context.Context, req *task.CheckpointTaskRequest) (*emptypb.Empty, error) {
	resp := &emptypb.Empty{}
	return resp, t.client.Call(ctx, serviceV2, "Checkpoint", req, resp)
}

func (t tasksV2) Kill(ctx context.Context, req *task.KillRequest) (*emptypb.Empty, error) {
	resp := &emptypb.Empty{}
	return resp, t.client.Call(ctx, serviceV2, "Kill", req, resp)
}

func (t tasksV2) Exec(ctx context.Context, req *task.ExecProcessRequest) (*emptypb.Empty, error) {
	resp := &emptypb.Empty{}
	return resp, t.client.Call(ctx, serviceV2, "Exec", req, resp)
}

func (t tasksV2) ResizePty(ctx context.Context, req *task.ResizePtyRequest) (*emptypb.Empty, error) {
	resp := &emptypb.Empty{}
	return resp, t.client.Call(ctx, serviceV2, "ResizePty", req, resp)
}

func (t tasksV2) CloseIO(ctx context.Context, req *task.CloseIORequest) (*emptypb.Empty, error) {
	resp := &emptypb.Empty{}
	return resp, t.client.Call(ctx, serviceV2, "CloseIO", req, resp)
}

func (t tasksV2) Update(ctx context.Context, req *task.UpdateTaskRequest) (*emptypb.Empty, error) {
	resp := &emptypb.Empty{}
	return resp, t.client.Call(ctx, serviceV2, "Update", req, resp)
}

func (t tasksV2) Wait(ctx context.Context, req *task.WaitRequest) (*task.WaitResponse, error) {
	resp := &task.WaitResponse{}
	return resp, t.client.Call(ctx, serviceV2, "Wait", req, resp)
}

func (t tasksV2) Stats(ctx context.Context, req *task.StatsRequest) (*task.StatsResponse, error) {
	resp := &task.StatsResponse{}
	return resp, t.client.Call(ctx, serviceV2, "Stats", req, resp)
}

func (t tasksV2) Connect(ctx context.Context, req *task.ConnectRequest) (*task.ConnectResponse, error) {
	resp := &task.ConnectResponse{}
	return resp, t.client.Call(ctx, serviceV2, "Connect", req, resp)
}

func (t tasksV2) Shutdown(ctx context.Context, req *task.ShutdownRequest) (*emptypb.Empty, error) {
	resp := &emptypb.Empty{}
	return resp, t.client.Call(ctx, serviceV2, "Shutdown", req, resp)
}
