package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Wait blocks until a process ends, with its shim or before it.
func (t *Tasks) Wait(ctx context.Context, id, execID string) (*taskv3.WaitResponse, error) {
	found, err := t.find(ctx, id)
	if err != nil {
		return nil, err
	}
	resp, err := found.shim.Wait(ctx, &taskv3.WaitRequest{ID: id, ExecID: execID})
	if err == nil {
		return resp, nil
	}
	exit, err := found.after(ctx, execID, err)
	return &taskv3.WaitResponse{ExitStatus: exit.Status, ExitedAt: timestamppb.New(exit.At)}, err
}
