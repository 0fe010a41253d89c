package client

import (
	"context"

	"github.com/moby/moby/api/types/image"
)

// History lists the steps that made an image, the last one first.
func (i Images) History(ctx context.Context, name string) ([]image.HistoryResponseItem, error) {
	return decode[[]image.HistoryResponseItem](i.get(ctx, "/images/"+segment(name)+"/history", nil))
}
