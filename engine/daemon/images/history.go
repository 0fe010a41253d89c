package images

import (
	"context"

	"github.com/moby/moby/api/types/image"
)

// History is how an image was made, the last step first.
func (s *Service) History(ctx context.Context, name string) ([]image.HistoryResponseItem, error) {
	i, err := s.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	if i, err = s.byID(ctx, i.ID.String()); err != nil {
		return nil, err
	}
	steps := []image.HistoryResponseItem{}
	layer := 0
	for _, h := range i.Config.History {
		step := image.HistoryResponseItem{ID: "<missing>", CreatedBy: h.CreatedBy, Comment: h.Comment}
		if h.Created != nil {
			step.Created = h.Created.Unix()
		}
		if !h.EmptyLayer && layer < len(i.Layers) {
			step.Size = i.Layers[layer].Size
			layer++
		}
		steps = append([]image.HistoryResponseItem{step}, steps...)
	}
	if len(steps) > 0 {
		steps[0].ID, steps[0].Tags = i.ID.String(), i.Tags()
	}
	return steps, nil
}
