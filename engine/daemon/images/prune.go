package images

import (
	"context"
	"strconv"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/image"

	"github.com/callroute/callroute/engine/api/types"
)

// Prune removes the images that no container was made from: those without a
// tag, or with the filter dangling=false every one.
func (s *removals) Prune(ctx context.Context, filters types.Filters) (image.PruneReport, error) {
	var report image.PruneReport
	f, err := s.parseFilters(ctx, filters, "dangling", "label", "label!", "until")
	if err != nil {
		return report, err
	}
	dangling := f.dangling == nil || *f.dangling
	f.dangling = nil
	s.names.Lock()
	defer s.names.Unlock()
	all, err := s.all(ctx)
	if err != nil {
		return report, err
	}
	for _, i := range all {
		if dangling && len(i.RepoTags) > 0 || !f.match(i) || len(s.Users(i.ID)) > 0 {
			continue
		}
		r, err := s.delete(ctx, i, i.named())
		report.ImagesDeleted = append(report.ImagesDeleted, r.done...)
		report.SpaceReclaimed += uint64(max(r.freed, 0))
		if err != nil && !cerrdefs.IsNotFound(err) {
			return report, err
		}
	}
	s.Event(events.ActionPrune, "", map[string]string{"reclaimed": strconv.FormatUint(report.SpaceReclaimed, 10)})
	return report, nil
}
