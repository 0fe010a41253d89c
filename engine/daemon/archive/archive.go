// Package archive moves files between a container's root and a tar: docker cp.
//
// Every path is within the root: symbolic links are followed as the container
// would see them, and never out of it. Unpacking happens with the root as the
// root of the file system, so that what a tar says can reach nothing else.
package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	"github.com/moby/go-archive"
	"github.com/moby/go-archive/chrootarchive"
	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Stat tells what a path in a container is. The last element is not followed if
// it is a symbolic link.
func Stat(root, name, path string) (container.PathStat, error) {
	_, stat, err := find(root, name, path)
	return stat, err
}

// find is where a path is on the host, and what it is.
func find(root, name, path string) (string, container.PathStat, error) {
	clean := archive.PreserveTrailingDotOrSeparator(filepath.Join("/", path), path)
	parent, err := securejoin.SecureJoin(root, filepath.Dir(filepath.Clean(clean)))
	if err != nil {
		return "", container.PathStat{}, err
	}
	onHost := filepath.Join(parent, filepath.Base(filepath.Clean(clean)))
	if filepath.Clean(clean) == "/" {
		onHost = root
	}
	info, err := os.Lstat(onHost)
	switch {
	case errors.Is(err, fs.ErrNotExist), err != nil && strings.Contains(err.Error(), "not a directory"):
		return "", container.PathStat{}, errdefs.NotFound("Could not find the file %s in container %s", path, name)
	case err != nil:
		return "", container.PathStat{}, err
	}
	stat := container.PathStat{Name: filepath.Base(filepath.Clean(clean)), Size: info.Size(), Mode: info.Mode(), Mtime: info.ModTime()}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := securejoin.SecureJoin(root, clean)
		if err != nil {
			return "", container.PathStat{}, err
		}
		if stat.LinkTarget, err = filepath.Rel(root, target); err != nil {
			return "", container.PathStat{}, err
		}
		stat.LinkTarget = "/" + stat.LinkTarget
	}
	return onHost, stat, nil
}

// Pack is a tar of a path in a container. A trailing slash on a symbolic link
// follows it.
func Pack(root, name, path string) (container.PathStat, io.ReadCloser, error) {
	onHost, stat, err := find(root, name, path)
	if err != nil {
		return stat, nil, err
	}
	if stat.Mode&fs.ModeSymlink != 0 && (strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/.")) {
		if onHost, err = securejoin.SecureJoin(root, path); err != nil {
			return stat, nil, err
		}
	}
	options := archive.TarResourceRebaseOpts(filepath.Base(onHost), stat.Name)
	if onHost == root {
		options = &archive.TarOptions{IncludeFiles: []string{"."}, RebaseNames: map[string]string{".": "/"}}
	}
	dir := filepath.Dir(onHost)
	if onHost == root {
		dir = root
	}
	tar, err := chrootarchive.Tar(dir, options, root)
	return stat, tar, err
}

// Unpack puts a tar into a folder of a container.
func Unpack(root, name string, o types.CopyToOptions, tar io.Reader) error {
	into, err := securejoin.SecureJoin(root, o.Path)
	if err != nil {
		return err
	}
	info, err := os.Stat(into)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errdefs.NotFound("Could not find the file %s in container %s", o.Path, name)
	case err != nil:
		return err
	case !info.IsDir():
		return errdefs.Invalid("extraction point is not a directory")
	}
	return chrootarchive.UntarWithRoot(tar, into, &archive.TarOptions{NoOverwriteDirNonDir: o.NoOverwriteDirNonDir, NoLchown: false}, root)
}
