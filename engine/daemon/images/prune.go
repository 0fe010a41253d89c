package images

import (
	"context"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/image"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Prune removes images that no container uses: those without a name, or with
// the filter dangling=false all.
func (s *Service) Prune(ctx context.Context, f types.Filters) (image.PruneReport, error) {
	report := image.PruneReport{ImagesDeleted: []image.DeleteResponse{}}
	onlyDangling := true
	var until time.Time
	for name, values := range f {
		for _, v := range values {
			switch name {
			case "dangling":
				onlyDangling = v == "true" || v == "1"
			case "until":
				at, err := parseUntil(v)
				if err != nil {
					return report, err
				}
				until = at
			case "label", "label!":
			default:
				return report, errdefs.Invalid("invalid filter '%s'", name)
			}
		}
	}
	all, err := s.all(ctx)
	if err != nil {
		return report, err
	}
	for _, i := range all {
		switch {
		case onlyDangling && len(i.Tags()) > 0, len(s.Users(i.ID.String())) > 0,
			!until.IsZero() && i.created().After(until),
			!hasLabels(i.Config.Config.Labels, f["label"]),
			len(f["label!"]) > 0 && hasLabels(i.Config.Config.Labels, f["label!"]):
			continue
		}
		size := s.sizeOnDisk(ctx, i)
		deleted, err := s.delete(ctx, i)
		report.ImagesDeleted = append(report.ImagesDeleted, deleted...)
		if err != nil {
			return report, err
		}
		report.SpaceReclaimed += uint64(max(0, size))
	}
	s.Event(events.ActionPrune, "", "")
	return report, nil
}

// parseUntil reads a time, or a duration before now.
func parseUntil(v string) (time.Time, error) {
	if d, err := time.ParseDuration(v); err == nil {
		return time.Now().Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"} {
		if at, err := time.Parse(layout, v); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errdefs.Invalid("invalid filter 'until=%s'", v)
}
