package server

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
)

// Delete removes a task whose first process has ended.
func (s *service) Delete(ctx context.Context, r *tasks.DeleteTaskRequest) (*tasks.DeleteResponse, error) {
	exit, err := s.core.Remove(ctx, r.ContainerID, "")
	if err != nil {
		return nil, err
	}
	return deleted(r.ContainerID, exit), nil
}

// DeleteProcess removes an ended process of a task.
func (s *service) DeleteProcess(ctx context.Context, r *tasks.DeleteProcessRequest) (*tasks.DeleteResponse, error) {
	exit, err := s.core.Remove(ctx, r.ContainerID, r.ExecID)
	if err != nil {
		return nil, err
	}
	return deleted(r.ExecID, exit), nil
}

func deleted(id string, exit *taskv3.DeleteResponse) *tasks.DeleteResponse {
	return &tasks.DeleteResponse{ID: id, Pid: exit.Pid, ExitStatus: exit.ExitStatus, ExitedAt: exit.ExitedAt}
}
