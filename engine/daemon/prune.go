package daemon

import (
	"context"
	"strconv"
	"time"

	"github.com/containerd/log"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/logs"
	"github.com/callroute/callroute/engine/errdefs"
)

// Prune removes all containers that do not run.
func (d *stopper) Prune(ctx context.Context, f types.Filters) (container.PruneReport, error) {
	report := container.PruneReport{ContainersDeleted: []string{}}
	for name := range f {
		if name != "until" && name != "label" && name != "label!" {
			return report, errdefs.Invalid("invalid filter '%s'", name)
		}
	}
	var until time.Time
	if values := f["until"]; len(values) > 0 {
		var err error
		if until, err = logs.ParseTime(values[0], time.Now()); err != nil {
			return report, err
		}
	}
	for _, c := range d.containers.All() {
		r := c.Snapshot()
		switch {
		case r.State.Running(), r.State.Status == container.StateRestarting, r.State.Status == container.StateRemoving,
			!until.IsZero() && r.Created.After(until), !hasLabels(r.Config.Labels, f["label"]),
			len(f["label!"]) > 0 && hasLabels(r.Config.Labels, f["label!"]):
			continue
		}
		size, err := d.Images.Usage(ctx, r.ID)
		if err != nil {
			size = 0
		}
		if err := d.Remove(ctx, r.ID, types.RemoveOptions{}); err != nil {
			log.G(ctx).WithError(err).Warnf("container %s stays", r.ID)
			continue
		}
		report.ContainersDeleted = append(report.ContainersDeleted, r.ID)
		report.SpaceReclaimed += uint64(max(0, size))
	}
	d.EventLog.Add(events.ContainerEventType, events.ActionPrune, "", map[string]string{"reclaimed": strconv.FormatUint(report.SpaceReclaimed, 10)})
	return report, nil
}
