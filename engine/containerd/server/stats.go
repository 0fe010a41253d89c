package server

import (
	"context"

	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/v2/pkg/filters"
	"github.com/containerd/errdefs"
	"github.com/containerd/log"

	ours "github.com/callroute/callroute/engine/errdefs"
)

// Metrics reads the cgroups of the tasks that match any of the filters, or of
// all. A task that ends meanwhile is left out.
func (s *service) Metrics(ctx context.Context, r *tasks.MetricsRequest) (*tasks.MetricsResponse, error) {
	filter, err := filters.ParseAll(r.Filters...)
	if err != nil {
		return nil, ours.Invalid("%w", err)
	}
	ids, err := s.core.IDs(ctx)
	if err != nil {
		return nil, err
	}
	resp := &tasks.MetricsResponse{}
	for _, id := range ids {
		if !filter.Match(taskFields(id)) {
			continue
		}
		m, err := s.core.Stats(ctx, id)
		if err != nil {
			if !errdefs.IsNotFound(err) {
				log.G(ctx).WithError(err).Warnf("no metrics of %s", id)
			}
			continue
		}
		resp.Metrics = append(resp.Metrics, m)
	}
	return resp, nil
}

func taskFields(id string) filters.Adaptor {
	return filters.AdapterFunc(func(path []string) (string, bool) {
		if len(path) == 1 && path[0] == "id" {
			return id, true
		}
		return "", false
	})
}
