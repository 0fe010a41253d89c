package server

import (
	"context"
	"strings"

	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/log"
)

// Metrics reads the cgroups of the tasks that a filter of the form id==ID
// names, or of all.
func (s *service) Metrics(ctx context.Context, r *tasks.MetricsRequest) (*tasks.MetricsResponse, error) {
	var ids []string
	for _, filter := range r.Filters {
		if id, ok := strings.CutPrefix(filter, "id=="); ok {
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		resp := &tasks.MetricsResponse{}
		for _, id := range ids {
			m, err := s.core.Stats(ctx, id)
			if err != nil {
				return nil, failed(err)
			}
			resp.Metrics = append(resp.Metrics, m)
		}
		return resp, nil
	}
	all, err := s.core.List(ctx)
	if err != nil {
		return nil, failed(err)
	}
	resp := &tasks.MetricsResponse{}
	for _, state := range all {
		m, err := s.core.Stats(ctx, state.ID)
		if err != nil {
			log.G(ctx).WithError(err).Warnf("metrics of %s", state.ID)
			continue
		}
		resp.Metrics = append(resp.Metrics, m)
	}
	return resp, nil
}
