package images

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/image"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// List is the images that pass the filters.
func (s *Service) List(ctx context.Context, o types.ImageListOptions) ([]image.Summary, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	match, err := s.filter(ctx, o.Filters)
	if err != nil {
		return nil, err
	}
	list := []image.Summary{}
	for _, i := range all {
		tags, ok := match(i)
		if !ok {
			continue
		}
		list = append(list, image.Summary{
			ID: i.ID.String(), RepoTags: tags, RepoDigests: i.Digests(), Created: unix(i.created()),
			Size: s.sizeOnDisk(ctx, i), SharedSize: -1, Containers: int64(len(s.Users(i.ID.String()))), Labels: i.Config.Config.Labels,
		})
	}
	return list, nil
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// filter makes a test of docker's filters; the tags to show of an image are
// those that match.
func (s *Service) filter(ctx context.Context, f types.Filters) (func(Image) ([]string, bool), error) {
	var before, since time.Time
	for name, values := range f {
		if !slices.Contains([]string{"reference", "dangling", "label", "before", "since", "until"}, name) {
			return nil, errdefs.Invalid("invalid filter '%s'", name)
		}
		for _, v := range values {
			switch name {
			case "before", "since":
				i, err := s.Get(ctx, v)
				if err != nil {
					return nil, err
				}
				if name == "before" {
					before = i.created()
				} else {
					since = i.created()
				}
			case "dangling":
				if v != "true" && v != "false" && v != "1" && v != "0" {
					return nil, errdefs.Invalid("invalid filter 'dangling=%s'", v)
				}
			}
		}
	}
	return func(i Image) ([]string, bool) {
		tags := i.Tags()
		if values := f["dangling"]; len(values) > 0 {
			wanted := values[0] == "true" || values[0] == "1"
			if wanted != (len(tags) == 0) {
				return nil, false
			}
		}
		if !before.IsZero() && !i.created().Before(before) || !since.IsZero() && !i.created().After(since) {
			return nil, false
		}
		if !hasLabels(i.Config.Config.Labels, f["label"]) {
			return nil, false
		}
		if patterns := f["reference"]; len(patterns) > 0 {
			tags = slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
				return !slices.ContainsFunc(patterns, func(p string) bool { return matches(p, tag) })
			})
			if len(tags) == 0 {
				return nil, false
			}
		}
		return tags, true
	}, nil
}

// matches reports whether a pattern with * fits a name, with or without tag.
func matches(pattern, tag string) bool {
	named, err := reference.ParseNormalizedNamed(tag)
	if err != nil {
		return false
	}
	ok, err := reference.FamiliarMatch(pattern, named)
	if err == nil && ok {
		return true
	}
	ok, err = path.Match(pattern, tag)
	return err == nil && ok
}

// hasLabels reports whether labels hold all of wanted, each KEY or KEY=VALUE.
func hasLabels(labels map[string]string, wanted []string) bool {
	for _, w := range wanted {
		key, value, withValue := strings.Cut(w, "=")
		have, ok := labels[key]
		if !ok || withValue && have != value {
			return false
		}
	}
	return true
}
