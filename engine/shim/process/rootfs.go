package process

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/mount"

	"github.com/callroute/callroute/engine/shim/bundle"
	"github.com/callroute/callroute/engine/shim/types"
)

// mountRootfs mounts the container's root and returns its path; empty if the
// root is not ours to mount.
func mountRootfs(req types.Create) (string, error) {
	if len(req.Rootfs) == 0 {
		return "", nil
	}
	rootfs := filepath.Join(req.Bundle, bundle.Rootfs)
	if err := os.Mkdir(rootfs, 0o711); err != nil && !os.IsExist(err) {
		return "", err
	}
	if err := mount.All(req.Rootfs, rootfs); err != nil {
		_ = unmountRootfs(rootfs)
		return "", fmt.Errorf("failed to mount rootfs: %w", err)
	}
	return rootfs, nil
}

// unmountRootfs undoes mountRootfs, and is no error where nothing is mounted.
func unmountRootfs(rootfs string) error {
	if rootfs == "" {
		return nil
	}
	if err := mount.UnmountRecursive(rootfs, 0); err != nil {
		return fmt.Errorf("failed to unmount rootfs: %w", err)
	}
	return nil
}
