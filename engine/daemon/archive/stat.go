package archive

import (
	"os"
	"path/filepath"

	"github.com/containerd/continuity/fs"
	"github.com/moby/moby/api/types/container"
	"golang.org/x/sys/unix"
)

// Stat tells about a path, without following a link at its end, but where it
// leads.
func (r Root) Stat(path string) (container.PathStat, error) {
	f, err := r.openLink(path)
	if err != nil {
		return container.PathStat{}, err
	}
	defer f.Close()
	return r.stat(path, f)
}

// openLink opens a path, and a link itself.
func (r Root) openLink(path string) (*os.File, error) {
	return r.open(path, unix.O_NOFOLLOW)
}

func (r Root) stat(path string, f *os.File) (container.PathStat, error) {
	info, err := f.Stat()
	if err != nil {
		return container.PathStat{}, r.failed(path, err)
	}
	stat := container.PathStat{Name: filepath.Base(clean(path)), Size: info.Size(), Mode: info.Mode(), Mtime: info.ModTime()}
	if info.Mode()&os.ModeSymlink != 0 {
		// Only a text for the client, which comes back with it as a path: that
		// there may be nothing, or soon something else, is no matter.
		target, err := fs.RootPath(r.Dir, clean(path))
		if err != nil {
			return container.PathStat{}, r.failed(path, unix.ELOOP)
		}
		inside, err := filepath.Rel(r.Dir, target)
		if err != nil {
			return container.PathStat{}, r.failed(path, err)
		}
		stat.LinkTarget = filepath.Join("/", inside)
	}
	return stat, nil
}
