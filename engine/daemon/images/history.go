package images

import (
	"context"
	"slices"

	"github.com/moby/moby/api/types/image"
)

// History is how an image was made, the last step first.
func (s *catalog) History(ctx context.Context, name string) ([]image.HistoryResponseItem, error) {
	i, err := s.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	sizes, err := s.layerSizes(ctx, i.manifest)
	if err != nil {
		return nil, err
	}
	var steps []image.HistoryResponseItem
	for _, h := range i.manifest.file.History {
		step := image.HistoryResponseItem{ID: "<missing>", CreatedBy: h.CreatedBy, Comment: h.Comment}
		if h.Created != nil {
			step.Created = h.Created.Unix()
		}
		if !h.EmptyLayer && len(sizes) > 0 {
			step.Size, sizes = sizes[0], sizes[1:]
		}
		steps = append(steps, step)
	}
	slices.Reverse(steps)
	if len(steps) > 0 {
		steps[0].ID, steps[0].Tags = i.ID, i.RepoTags
	}
	return steps, nil
}
