// Package archive moves files in and out of a container's filesystem, as tar
// streams.
package archive

import (
	"context"
	"io"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/errdefs"
)

// Root is a container's filesystem as the host sees it: /proc/PID/root of a
// process in it, or a mount of its snapshot.
type Root struct {
	Dir       string
	Container string // as the person called it, for messages
}

// Options say how to write into a container.
type Options struct {
	// NoOverwriteDirNonDir refuses to put a file where a folder is, and the
	// other way round.
	NoOverwriteDirNonDir bool
	// Owner owns what is written; nil leaves what the archive says.
	Owner *Owner
}

// Owner is a user and a group.
type Owner struct{ UID, GID int }

// Stat tells about a path, without following a link at its end.
func (r Root) Stat(path string) (container.PathStat, error) {
	return container.PathStat{}, errdefs.NotImplemented("not yet")
}

// Pack is an archive of a path: a file, or a folder with all that is in it. The
// reader must be closed; it fails if ctx ends before that.
func (r Root) Pack(ctx context.Context, path string) (container.PathStat, io.ReadCloser, error) {
	return container.PathStat{}, nil, errdefs.NotImplemented("not yet")
}

// Unpack unpacks an archive, compressed or not, into the folder at path.
func (r Root) Unpack(ctx context.Context, path string, opts Options, tar io.Reader) error {
	return errdefs.NotImplemented("not yet")
}
