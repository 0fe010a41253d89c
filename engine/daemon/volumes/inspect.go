package volumes

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/diskusage"
	"github.com/callroute/callroute/engine/errdefs"
)

// Inspect tells about one volume.
func (s *Service) Inspect(_ context.Context, name string) (volume.Volume, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.get(name)
	if err != nil {
		return volume.Volume{}, err
	}
	return s.volume(r), nil
}

// List tells about the volumes that pass the filters, by name.
func (s *Service) List(_ context.Context, filters types.Filters) (volume.ListResponse, error) {
	f, err := parse(filters, "dangling", "driver", "label", "name")
	if err != nil {
		return volume.ListResponse{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := volume.ListResponse{Volumes: []volume.Volume{}}
	for _, name := range slices.Sorted(maps.Keys(s.volumes)) {
		if r := s.volumes[name]; f.match(r, len(s.users[name])) {
			list.Volumes = append(list.Volumes, s.volume(r))
		}
	}
	return list, nil
}

// DiskUsage is every volume with its size and how many containers use it. What a
// volume with options holds is elsewhere.
func (s *Service) DiskUsage(ctx context.Context) (volume.DiskUsage, error) {
	s.mu.Lock()
	var usage volume.DiskUsage
	for _, name := range slices.Sorted(maps.Keys(s.volumes)) {
		if len(s.volumes[name].Options) > 0 {
			continue
		}
		v := s.volume(s.volumes[name])
		v.UsageData = &volume.UsageData{RefCount: int64(len(s.users[name]))}
		usage.Items = append(usage.Items, v)
	}
	s.mu.Unlock()
	for _, v := range usage.Items {
		size, err := diskusage.Bytes(ctx, v.Mountpoint)
		if err != nil {
			return volume.DiskUsage{}, err
		}
		v.UsageData.Size = size
		usage.TotalCount++
		usage.TotalSize += size
		if v.UsageData.RefCount > 0 {
			usage.ActiveCount++
		} else {
			usage.Reclaimable += size
		}
	}
	return usage, nil
}

// filter is docker's filters, parsed.
type filter struct {
	types.Filters
	dangling, all *bool
	names         []*regexp.Regexp
}

func parse(filters types.Filters, known ...string) (filter, error) {
	f := filter{Filters: filters}
	for name, values := range filters {
		if !slices.Contains(known, name) {
			return f, errdefs.Invalid("invalid filter '%s'", name)
		}
		for _, value := range values {
			switch name {
			case "dangling", "all":
				is, err := strconv.ParseBool(value)
				if err != nil {
					return f, errdefs.Invalid("invalid filter '%s=[%s]'", name, value)
				}
				if name == "all" {
					f.all = &is
				} else {
					f.dangling = &is
				}
			case "name":
				pattern, err := regexp.Compile(value)
				if err != nil {
					pattern = regexp.MustCompile(regexp.QuoteMeta(value))
				}
				f.names = append(f.names, pattern)
			}
		}
	}
	return f, nil
}

func (f filter) match(r record, users int) bool {
	if f.dangling != nil && *f.dangling != (users == 0) {
		return false
	}
	if d := f.Filters["driver"]; len(d) > 0 && !slices.Contains(d, driver) {
		return false
	}
	if len(f.names) > 0 && !slices.ContainsFunc(f.names, func(p *regexp.Regexp) bool { return p.MatchString(r.Name) }) {
		return false
	}
	missing := func(label string) bool {
		key, value, withValue := strings.Cut(label, "=")
		have, ok := r.Labels[key]
		return !ok || withValue && have != value
	}
	return !slices.ContainsFunc(f.Filters["label"], missing) &&
		!slices.ContainsFunc(f.Filters["label!"], func(label string) bool { return !missing(label) })
}
