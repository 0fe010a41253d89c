package images

import (
	"context"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/image"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// List tells about the images that pass the filters, the newest first.
func (s *catalog) List(ctx context.Context, opts types.ImageListOptions) ([]image.Summary, error) {
	f, err := s.parseFilters(ctx, opts.Filters, "dangling", "label", "before", "since", "reference", "until")
	if err != nil {
		return nil, err
	}
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	summaries := []image.Summary{}
	for _, i := range all {
		if !f.match(i) {
			continue
		}
		item := i.summary()
		if patterns := opts.Filters["reference"]; len(patterns) > 0 {
			if item.RepoTags, item.RepoDigests, err = i.matching(patterns); err != nil {
				return nil, err
			}
			if len(item.RepoTags)+len(item.RepoDigests) == 0 {
				continue
			}
		}
		sized, err := s.sized(ctx, i)
		if err != nil {
			return nil, err
		}
		item.Size = sized.Size
		summaries = append(summaries, item)
	}
	return summaries, nil
}

// summary is the image as lists have it, without sizes. What has to be counted
// is -1, which clients show as unknown.
func (i Image) summary() image.Summary {
	item := image.Summary{
		ID: i.ID, RepoTags: list(i.RepoTags), RepoDigests: list(i.RepoDigests),
		Labels: i.Config.Labels, SharedSize: -1, Containers: -1,
	}
	if !i.Created.IsZero() {
		item.Created = i.Created.Unix()
	}
	return item
}

// list is a list of its own, which encodes as [] when there is nothing in it.
func list(names []string) []string { return append([]string{}, names...) }

// matching are the names that a person's patterns mean.
func (i Image) matching(patterns []string) (tags, digests []string, err error) {
	for _, r := range i.named() {
		for _, pattern := range patterns {
			match, err := reference.FamiliarMatch(pattern, r.ref)
			if err != nil {
				return nil, nil, errdefs.Invalid("invalid filter 'reference=%s': %w", pattern, err)
			}
			switch {
			case !match:
				continue
			case r.isDigest():
				digests = append(digests, r.familiar())
			default:
				tags = append(tags, r.familiar())
			}
			break
		}
	}
	return tags, digests, nil
}
