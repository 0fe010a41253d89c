package archive

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/archive"
	"github.com/containerd/continuity/fs"
	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/errdefs"
)

// layers are the folders that a file system is made of: the one that is written
// to, and those below it from the top down.
type layers struct {
	upper string
	lower []string
}

// layersOf takes the mounts of a file system apart.
func layersOf(mounts []mount.Mount) (layers, error) {
	if len(mounts) != 1 {
		return layers{}, errdefs.NotImplemented("a file system of %d mounts cannot be taken apart", len(mounts))
	}
	m := mounts[0]
	var l layers
	switch m.Type {
	case "bind", "rbind": // there is nothing below it
		l.upper = m.Source
	case "overlay":
		for _, o := range m.Options {
			if dirs, ok := strings.CutPrefix(o, "lowerdir="); ok {
				l.lower = strings.Split(dirs, ":")
			}
			if dir, ok := strings.CutPrefix(o, "upperdir="); ok {
				l.upper = dir
			}
		}
	}
	if l.upper == "" {
		return l, errdefs.NotImplemented("a file system of the type %s cannot be taken apart", m.Type)
	}
	return l, nil
}

// read calls f with a folder in which some layers are seen as one, and not to be
// written. The file system may be in use elsewhere.
func read(ctx context.Context, dirs []string, f func(dir string) error) error {
	switch len(dirs) {
	case 0:
		empty, err := os.MkdirTemp("", "empty-")
		if err != nil {
			return err
		}
		return errors.Join(f(empty), os.Remove(empty))
	case 1:
		return f(dirs[0])
	}
	view := []mount.Mount{{Type: "overlay", Source: "overlay", Options: []string{"ro", "lowerdir=" + strings.Join(dirs, ":")}}}
	return mount.WithTempMount(ctx, view, f)
}

// View calls f with a folder in which all of a file system is seen, and not to be
// written.
func View(ctx context.Context, mounts []mount.Mount, f func(dir string) error) error {
	l, err := layersOf(mounts)
	if err != nil {
		return err
	}
	return read(ctx, append([]string{l.upper}, l.lower...), f)
}

// Changes is what in a file system is not as in the layers below it, by path.
func Changes(ctx context.Context, mounts []mount.Mount) ([]container.FilesystemChange, error) {
	l, err := layersOf(mounts)
	if err != nil {
		return nil, err
	}
	changes := []container.FilesystemChange{}
	err = read(ctx, l.lower, func(base string) error {
		return fs.DiffDirChanges(ctx, base, l.upper, fs.DiffSourceOverlayFS, func(kind fs.ChangeKind, path string, _ os.FileInfo, err error) error {
			if err != nil {
				return err
			}
			switch kind {
			case fs.ChangeKindAdd:
				changes = append(changes, container.FilesystemChange{Kind: container.ChangeAdd, Path: path})
			case fs.ChangeKindDelete:
				changes = append(changes, container.FilesystemChange{Kind: container.ChangeDelete, Path: path})
			case fs.ChangeKindModify:
				changes = append(changes, container.FilesystemChange{Kind: container.ChangeModify, Path: path})
			case fs.ChangeKindUnmodified:
			}
			return nil
		})
	})
	return changes, err
}

// PackChanges writes what in a file system is not as in the layers below it, as a
// layer: an archive in which a deleted file is one with the prefix .wh. before its
// name. What is at or under one of without stays out.
func PackChanges(ctx context.Context, mounts []mount.Mount, without []string, to io.Writer) error {
	l, err := layersOf(mounts)
	if err != nil {
		return err
	}
	return read(ctx, l.lower, func(base string) error {
		layer := archive.NewChangeWriter(to, l.upper)
		err := fs.DiffDirChanges(ctx, base, l.upper, fs.DiffSourceOverlayFS, func(kind fs.ChangeKind, path string, info os.FileInfo, err error) error {
			if err == nil && slices.ContainsFunc(without, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }) {
				return nil
			}
			return layer.HandleChange(kind, path, info, err)
		})
		return errors.Join(err, layer.Close())
	})
}
