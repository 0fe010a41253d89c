package images

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// filter is docker's filters, parsed. Names are matched by the caller.
type filter struct {
	dangling      *bool
	before, since *Image
	until         time.Time
	labels, not   []string
}

// parseFilters checks the filters and looks up the images they name. known are
// those that the request can have.
func (s *stores) parseFilters(ctx context.Context, filters types.Filters, known ...string) (filter, error) {
	f := filter{labels: filters["label"], not: filters["label!"]}
	for name := range filters {
		if !slices.Contains(known, name) {
			return f, errdefs.Invalid("invalid filter '%s'", name)
		}
	}
	for _, value := range filters["dangling"] {
		only, err := strconv.ParseBool(value)
		if err != nil {
			return f, errdefs.Invalid("invalid filter 'dangling=[%s]'", value)
		}
		f.dangling = &only
	}
	for _, value := range filters["until"] {
		at, err := parseTime(value, time.Now())
		if err != nil {
			return f, err
		}
		f.until = at
	}
	for name, at := range map[string]**Image{"before": &f.before, "since": &f.since} {
		for _, value := range filters[name] {
			i, err := s.Get(ctx, value)
			if err != nil {
				return f, err
			}
			*at = &i
		}
	}
	return f, nil
}

// parseTime reads a moment as docker's filters have it: how long ago, a date, or
// seconds since 1970.
func parseTime(value string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(value); err == nil {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if at, err := time.ParseInLocation(layout, value, now.Location()); err == nil {
			return at, nil
		}
	}
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || !(seconds >= 0 && seconds < 1<<33) { // or not a number
		return time.Time{}, errdefs.Invalid("invalid filter 'until=%s': neither a duration nor a time", value)
	}
	return time.Unix(0, int64(seconds*float64(time.Second))), nil
}

func (f filter) match(i Image) bool {
	switch {
	case f.dangling != nil && *f.dangling != (len(i.RepoTags) == 0):
		return false
	case f.before != nil && !i.Created.Before(f.before.Created):
		return false
	case f.since != nil && !i.Created.After(f.since.Created):
		return false
	case !f.until.IsZero() && i.Created.After(f.until):
		return false
	}
	missing := func(label string) bool { return !hasLabel(i.Config.Labels, label) }
	return !slices.ContainsFunc(f.labels, missing) &&
		!slices.ContainsFunc(f.not, func(label string) bool { return !missing(label) })
}

// hasLabel reports whether there is a label "key" or "key=value".
func hasLabel(labels map[string]string, label string) bool {
	key, value, withValue := strings.Cut(label, "=")
	have, ok := labels[key]
	return ok && (!withValue || have == value)
}
