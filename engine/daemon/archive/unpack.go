package archive

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/moby/go-archive"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
)

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

// Unpack unpacks an archive, compressed or not, into the folder at path. Links
// on the way to it are followed; what the archive holds stays in it.
func (r Root) Unpack(ctx context.Context, path string, opts Options, tar io.Reader) error {
	dir, err := r.open(path, unix.O_DIRECTORY)
	if err != nil {
		if errors.Is(err, syscall.ENOTDIR) {
			return errdefs.Invalid("extraction point is not a directory")
		}
		return err
	}
	defer dir.Close()
	o := &archive.TarOptions{NoOverwriteDirNonDir: opts.NoOverwriteDirNonDir}
	if opts.Owner != nil {
		o.ChownOpts = &archive.ChownOpts{UID: opts.Owner.UID, GID: opts.Owner.GID}
	}
	input := &input{ctx: ctx, Reader: tar}
	err = archive.Untar(input, reopened(dir), o)
	if err != nil {
		return r.unpackFailed(ctx, path, input, err)
	}
	return nil
}

// unpackFailed says whose fault it is: the client's that is gone, that of the
// archive, or that of the filesystem.
func (r Root) unpackFailed(ctx context.Context, path string, in *input, err error) error {
	var atPath *fs.PathError
	var atLink *os.LinkError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case in.failed != nil:
		return errdefs.Invalid("failed to read the archive: %w", in.failed)
	case strings.Contains(err.Error(), "escapes"):
		return errdefs.Invalid("invalid archive: %w", err)
	case errors.As(err, &atPath), errors.As(err, &atLink):
		return r.failed(path, err)
	}
	return errdefs.Invalid("%w", err)
}

// input is a client's archive. It ends with the request, and notes that it could
// not be read.
type input struct {
	io.Reader
	ctx    context.Context
	failed error
}

func (i *input) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := i.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		i.failed = err
	}
	return n, err
}
