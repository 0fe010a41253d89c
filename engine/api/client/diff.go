package client

import (
	"context"

	"github.com/moby/moby/api/types/container"
)

// Diff is what a container has changed of its image's files.
func (c Containers) Diff(ctx context.Context, name string) ([]container.FilesystemChange, error) {
	return decode[[]container.FilesystemChange](c.get(ctx, "/containers/"+segment(name)+"/changes", nil))
}
