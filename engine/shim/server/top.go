package server

import (
	"context"

	task "github.com/containerd/containerd/api/runtime/task/v2"
	"github.com/containerd/containerd/api/types/runc/options"
	api "github.com/containerd/containerd/api/types/task"
	"github.com/containerd/typeurl/v2"
)

func (s *service) Pids(ctx context.Context, r *task.PidsRequest) (*task.PidsResponse, error) {
	processes, err := s.task.Pids(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	resp := &task.PidsResponse{}
	for _, p := range processes {
		info := &api.ProcessInfo{Pid: uint32(p.Pid)}
		if p.ExecID != "" {
			info.Info, err = typeurl.MarshalAnyToProto(&options.ProcessDetails{ExecID: p.ExecID})
			if err != nil {
				return nil, err
			}
		}
		resp.Processes = append(resp.Processes, info)
	}
	return resp, nil
}
