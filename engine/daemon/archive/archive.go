// Package archive moves files in and out of a container's filesystem, as tar
// streams: docker cp.
//
// A path is one in the container: its links are the container's, "/" and what
// leads above it are its root. The container may be running, and its processes
// may change what a name leads to between one call and the next, to have the
// engine read or write files of the host. So a path is looked up once, by the
// kernel, which does not leave the root (openat2 with RESOLVE_IN_ROOT); from
// there on every file is opened through the folder it is in (os.Root).
//
//   - stat.go   what a path is
//   - pack.go   a path as an archive
//   - unpack.go an archive into a folder
//
// What this package does not know: volumes and read-only mounts. They are there
// if the root it is given has them.
package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
)

// Root is a container's filesystem as the host sees it: /proc/PID/root of a
// process in it, or a mount of its snapshot.
type Root struct {
	Dir       string
	Container string // as the person called it, for messages
}

// clean is an absolute path without detours. That it must be a folder, which a
// "/" or "/." at its end says, stays said.
func clean(path string) string {
	cleaned := filepath.Join("/", path)
	switch {
	case strings.HasSuffix("/"+path, "/."):
		return strings.TrimSuffix(cleaned, "/") + "/."
	case strings.HasSuffix(path, "/"):
		return strings.TrimSuffix(cleaned, "/") + "/"
	}
	return cleaned
}

// tries is how often a path is looked up again that is renamed meanwhile.
const tries = 32

// open looks a path up, within the root. The file stands for the path: it
// cannot be read.
func (r Root) open(path string, flags uint64) (*os.File, error) {
	root, err := unix.Open(r.Dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, errdefs.Internal("the files of container %s are gone: %w", r.Container, err)
	}
	defer unix.Close(root)
	how := unix.OpenHow{
		Flags: unix.O_PATH | unix.O_CLOEXEC | flags,
		// The links of /proc lead past every root.
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	}
	for range tries {
		var fd int
		if fd, err = unix.Openat2(root, clean(path), &how); err == nil {
			return os.NewFile(uintptr(fd), path), nil
		}
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			break
		}
	}
	return nil, r.failed(path, err)
}

// reopened is the name of the file that an open one stands for, which no one
// can change.
func reopened(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// failed is an error about a path, in docker's words where it has them.
func (r Root) failed(path string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errdefs.NotFound("Could not find the file %s in container %s", path, r.Container)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EINVAL):
		return errdefs.Invalid("%s in container %s: %w", path, r.Container, err)
	case errors.Is(err, syscall.EROFS):
		return errdefs.Forbidden("%s in container %s: %w", path, r.Container, err)
	case errors.Is(err, syscall.ENOSPC):
		return errdefs.Internal("no space left on device")
	}
	return errdefs.Internal("%s in container %s: %w", path, r.Container, err)
}
