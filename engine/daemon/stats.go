package daemon

import (
	"context"
	"encoding/json"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/stats"
	"github.com/callroute/callroute/engine/errdefs"
)

// Stats writes what a container uses, as often as the mode says.
func (d *console) Stats(ctx context.Context, name string, mode types.StatsMode, open types.OpenWriter) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	target := stats.Target{
		ID:   c.ID,
		Name: func() string { return "/" + c.Snapshot().Name },
		Read: func(ctx context.Context) (stats.Sample, error) {
			r := c.Snapshot()
			if !r.State.Running() {
				return stats.Sample{}, errdefs.Conflict("container %s is not running", c.ID)
			}
			at, metrics, err := d.Containerd.Metrics(ctx, c.ID)
			sample := stats.Sample{At: at, Metrics: metrics, Pid: r.State.Pid}
			if r.HostConfig.NetworkMode.IsHost() {
				sample.Pid = 0
			}
			return sample, err
		},
	}
	how := map[types.StatsMode]stats.Mode{types.StatsStream: stats.Stream, types.StatsOnce: stats.Once, types.StatsOneShot: stats.OneShot}[mode]
	out := json.NewEncoder(open(types.Raw))
	return d.stats.Watch(ctx, target, how, func(s container.StatsResponse) error { return out.Encode(s) })
}
