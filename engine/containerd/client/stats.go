package client

import (
	"context"
	"time"

	cgroup1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	cgroup2 "github.com/containerd/cgroups/v3/cgroup2/stats"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/proto"

	"github.com/callroute/callroute/engine/errdefs"
)

// Metrics reads a container's cgroup: a Metrics of cgroup1/stats or of
// cgroup2/stats.
func (c *Client) Metrics(ctx context.Context, id string) (at time.Time, metrics any, err error) {
	resp, err := c.tasks.Metrics(ctx, &tasks.MetricsRequest{Filters: []string{"id==" + id}})
	if err != nil {
		return time.Time{}, nil, failed(err)
	}
	if len(resp.Metrics) != 1 {
		return time.Time{}, nil, errdefs.NotFound("no metrics of %s", id)
	}
	m := resp.Metrics[0]
	for _, form := range []proto.Message{new(cgroup1.Metrics), new(cgroup2.Metrics)} {
		if typeurl.Is(m.Data, form) {
			return m.Timestamp.AsTime(), form, proto.Unmarshal(m.Data.Value, form)
		}
	}
	return time.Time{}, nil, errdefs.NotImplemented("metrics of type %s", m.Data.GetTypeUrl())
}
