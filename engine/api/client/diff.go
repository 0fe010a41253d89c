package client

import (
	"context"

	"github.com/moby/moby/api/types/container"
)

// Diff is what a container has changed of its image's files.
func (a Archives) Diff(ctx context.Context, name string) ([]container.FilesystemChange, error) {
	return decode[[]container.FilesystemChange](a.get(ctx, "/containers/"+segment(name)+"/changes", nil))
}
