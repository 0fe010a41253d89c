package archive

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/go-archive/tarheader"
	"github.com/moby/moby/api/types/container"
	"golang.org/x/sys/unix"
)

// Pack is an archive of a path: a file, or a folder with all that is in it. Its
// names begin with the last part of the path. The reader must be closed; it
// fails once ctx ends.
func (r Root) Pack(ctx context.Context, path string) (container.PathStat, io.ReadCloser, error) {
	f, err := r.openLink(path)
	if err != nil {
		return container.PathStat{}, nil, err
	}
	stat, err := r.stat(path, f)
	if err != nil {
		f.Close()
		return stat, nil, err
	}
	// The file stands for a folder already; for anything else its folder is
	// opened, and the name in it.
	dir, name := f, "."
	if !stat.Mode.IsDir() {
		f.Close()
		name = stat.Name
		if dir, err = r.open(filepath.Dir(clean(path)), unix.O_DIRECTORY); err != nil {
			return stat, nil, err
		}
	}
	root, err := os.OpenRoot(reopened(dir))
	dir.Close()
	if err != nil {
		return stat, nil, r.failed(path, err)
	}
	return stat, packed(ctx, root, func(p *packer) error {
		return p.add(root, name, strings.TrimSuffix(stat.Name, "/"))
	}), nil
}

// PackAll is an archive of everything. Its names are those in the root, without a
// slash before them.
func (r Root) PackAll(ctx context.Context) (io.ReadCloser, error) {
	root, err := os.OpenRoot(r.Dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(r.Dir)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return packed(ctx, root, func(p *packer) error {
		for _, e := range entries {
			if err := p.add(root, e.Name(), e.Name()); err != nil {
				return err
			}
		}
		return nil
	}), nil
}

// packed is the archive that add packs of a folder, which is closed in the end.
func packed(ctx context.Context, root *os.Root, add func(*packer) error) io.ReadCloser {
	read, write := io.Pipe()
	stop := context.AfterFunc(ctx, func() { write.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		defer root.Close()
		p := &packer{w: tar.NewWriter(write), seen: map[inode]string{}}
		err := add(p)
		if err == nil {
			err = p.w.Close()
		}
		write.CloseWithError(err)
	}()
	return read
}

// packer writes one archive.
type packer struct {
	w    *tar.Writer
	seen map[inode]string // files with more than one name, and the first of them
}

type inode struct{ dev, ino uint64 }

// add packs the file called name in the folder root as the given name in the
// archive. A file that is gone by now is left out.
func (p *packer) add(root *os.Root, name, as string) error {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return p.addDir(root, name, as)
	case mode.IsRegular():
		return p.addFile(root, name, as)
	case mode&os.ModeSocket != 0:
		return nil // tar has none
	case mode&os.ModeSymlink != 0:
		target, err := root.Readlink(name)
		if err != nil {
			return ignoreGone(err)
		}
		return p.header(info, as, target)
	}
	return p.header(info, as, "")
}

func (p *packer) addDir(parent *os.Root, name, as string) error {
	root, err := parent.OpenRoot(name)
	if err != nil {
		return ignoreGone(err)
	}
	defer root.Close()
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	info, err := dir.Stat()
	entries, readErr := dir.Readdirnames(-1)
	dir.Close()
	if err = errors.Join(err, readErr); err != nil {
		return err
	}
	if err := p.header(info, as+"/", ""); err != nil {
		return err
	}
	slices.Sort(entries)
	for _, entry := range entries {
		if err := p.add(root, entry, as+"/"+entry); err != nil {
			return err
		}
	}
	return nil
}

// addFile packs a regular file. What it has become since it was listed is seen
// once it is open; a pipe that it may be by now must not block that.
func (p *packer) addFile(root *os.Root, name, as string) error {
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return ignoreGone(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	sys := info.Sys().(*syscall.Stat_t)
	if key := (inode{sys.Dev, sys.Ino}); sys.Nlink > 1 {
		if first, ok := p.seen[key]; ok {
			return p.w.WriteHeader(&tar.Header{
				Typeflag: tar.TypeLink, Name: as, Linkname: first, Mode: int64(info.Mode().Perm()),
				Uid: int(sys.Uid), Gid: int(sys.Gid), ModTime: info.ModTime(), Format: tar.FormatPAX,
			})
		}
		p.seen[key] = as
	}
	h, err := headerOf(info, as, "")
	if err != nil {
		return err
	}
	if capability := capabilityOf(f); capability != "" {
		h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": capability}
	}
	if err := p.w.WriteHeader(h); err != nil {
		return err
	}
	if _, err := io.CopyN(p.w, bufio.NewReader(f), h.Size); err != nil {
		return fmt.Errorf("%s became shorter while it was read: %w", as, err)
	}
	return nil
}

func (p *packer) header(info fs.FileInfo, as, link string) error {
	h, err := headerOf(info, as, link)
	if err != nil {
		return err
	}
	return p.w.WriteHeader(h)
}

func headerOf(info fs.FileInfo, as, link string) (*tar.Header, error) {
	// The names of users would be the host's.
	h, err := tarheader.FileInfoHeaderNoLookups(info, link)
	if err != nil {
		return nil, err
	}
	h.Name, h.Format = as, tar.FormatPAX
	h.AccessTime, h.ChangeTime = time.Time{}, time.Time{}
	return h, nil
}

// capabilityOf is what a program may do, or "".
func capabilityOf(f *os.File) string {
	value := make([]byte, 64)
	n, err := unix.Fgetxattr(int(f.Fd()), "security.capability", value)
	if err != nil {
		return "" // none, or no such thing on this filesystem
	}
	return string(value[:n])
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
