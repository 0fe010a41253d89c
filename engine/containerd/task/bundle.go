package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/identifiers"
	cerrdefs "github.com/containerd/errdefs"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/bundle"
)

// workLink is the name in a bundle of the folder of what is too big for it,
// which shims expect there.
const workLink = "work"

// bundles are the folders of tasks.
type bundles struct{ *Tasks }

// newBundle makes the folder of a task with the spec in config.json and an
// empty rootfs. Its name is the id, so that must be safe as one.
func (t bundles) newBundle(k key, spec []byte) error {
	if err := identifiers.Validate(k.id); err != nil {
		return errdefs.Invalid("task id %q: %w", k.id, err)
	}
	if !json.Valid(spec) {
		return errdefs.Invalid("the spec of %s is not JSON", k.id)
	}
	dir, work := t.bundleOf(k), t.workOf(k)
	if err := errors.Join(os.MkdirAll(filepath.Dir(dir), 0o711), os.MkdirAll(filepath.Dir(work), 0o711)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, os.ErrExist) {
			return fmt.Errorf("bundle of task %s: %w", k.id, cerrdefs.ErrAlreadyExists)
		}
		return err
	}
	err := errors.Join(
		os.Mkdir(filepath.Join(dir, bundle.Rootfs), 0o711),
		os.RemoveAll(work), // of a task whose bundle a reboot removed
		os.Mkdir(work, 0o711),
		os.Symlink(work, filepath.Join(dir, workLink)),
		bundle.Write(dir, bundle.Config, spec),
	)
	if err != nil {
		return errors.Join(err, t.removeBundle(k))
	}
	return nil
}

// removeBundle removes the folders of a task. The shim unmounts the root file
// system; should it still be mounted, it must not be emptied.
func (t bundles) removeBundle(k key) error {
	dir := t.bundleOf(k)
	if err := mount.UnmountRecursive(filepath.Join(dir, bundle.Rootfs), unix.MNT_DETACH); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return errors.Join(os.RemoveAll(t.workOf(k)), os.RemoveAll(dir))
}

func (t bundles) bundleOf(k key) string { return filepath.Join(t.Bundles, k.namespace, k.id) }

func (t bundles) workOf(k key) string { return filepath.Join(t.Work, k.namespace, k.id) }
