package volumes

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	continuity "github.com/containerd/continuity/fs"
	"github.com/sirupsen/logrus"

	"github.com/callroute/callroute/engine/errdefs"
)

// CopyUp fills an empty volume with what the image has at the place it is
// mounted on. root is the image's filesystem, mounted on the host; path is the
// place in it. Nothing happens if the volume holds something or the image has
// no folder there.
func (s *Service) CopyUp(ctx context.Context, name, root, path string) (err error) {
	s.mu.Lock()
	_, err = s.get(name)
	// What is copied halfway is removed, but not with what another container
	// writes meanwhile.
	alone := len(s.users[name]) <= 1
	s.mu.Unlock()
	if err != nil {
		return err
	}
	from, err := continuity.RootPath(root, path)
	if err != nil {
		return errdefs.Invalid("failed to look up %s in the image: %w", path, err)
	}
	info, err := os.Stat(from)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.Mount(name, filler); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Unmount(filler)) }()
	s.filling.Lock()
	defer s.filling.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if empty, err := isEmpty(s.data(name)); err != nil || !empty {
		return err
	}
	if alone {
		if err := os.WriteFile(s.mark(name), nil, 0o600); err != nil {
			return err
		}
	}
	if err := continuity.CopyDir(s.data(name), from); err != nil {
		err = errdefs.Internal("failed to copy the image's %s to the volume %s: %w", path, name, err)
		if undo := s.unfill(name); undo != nil {
			logrus.WithError(undo).WithField("volume", name).Warn("it stays half filled until the next start")
		}
		return err
	}
	return ignoreGone(os.Remove(s.mark(name)))
}

// filler stands for a container that has a volume mounted while it is filled.
const filler = "filling"

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (f folders) mark(name string) string { return filepath.Join(string(f), name, fillMark) }

// unfill empties a volume that was not filled to the end, so that the next
// container that uses it fills it again.
func (f folders) unfill(name string) error {
	if _, err := os.Lstat(f.mark(name)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	entries, err := os.ReadDir(f.data(name))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(f.data(name), e.Name())); err != nil {
			return err
		}
	}
	return os.Remove(f.mark(name))
}

func isEmpty(dir string) (bool, error) {
	f, err := os.Open(dir)
	if err != nil {
		return false, err
	}
	defer f.Close()
	_, err = f.Readdirnames(1)
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}
