package container

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// ownCgroups puts the container's own cgroups in place of its cgroup mount, for
// a restore where version 1 is mounted and the container has the host's view of
// it. libcontainer would give criu those of the process that restores, which are
// somebody else's. The spec is not changed.
func ownCgroups(spec *specs.Spec) (*specs.Spec, error) {
	at := slices.IndexFunc(spec.Mounts, func(m specs.Mount) bool { return m.Type == "cgroup" })
	if at < 0 || cgroups.IsCgroup2UnifiedMode() || spec.Linux == nil || !filepath.IsAbs(spec.Linux.CgroupsPath) {
		return spec, nil
	}
	if slices.ContainsFunc(spec.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.CgroupNamespace }) {
		return spec, nil
	}
	mounted, err := cgroups.GetCgroupMounts(false)
	if err != nil {
		return nil, err
	}
	place := spec.Mounts[at]
	// What is on a tmpfs, criu brings back by itself.
	own := []specs.Mount{{Destination: place.Destination, Type: "tmpfs", Source: "tmpfs"}}
	for _, m := range mounted {
		own = append(own, specs.Mount{
			Destination: filepath.Join(place.Destination, filepath.Base(m.Mountpoint)), Type: "bind",
			Source:  filepath.Join(m.Mountpoint, spec.Linux.CgroupsPath),
			Options: append([]string{"rbind"}, place.Options...),
		})
	}
	changed := *spec
	changed.Mounts = slices.Concat(spec.Mounts[:at], own, spec.Mounts[at+1:])
	return &changed, nil
}

// absent are the folders on the way to one in a root file system that are not
// there, the deepest first.
func absent(root, path string) (dirs []string) {
	for dir := filepath.Clean("/" + path); dir != "/"; dir = filepath.Dir(dir) {
		full := filepath.Join(root, dir)
		if _, err := os.Lstat(full); errors.Is(err, os.ErrNotExist) {
			dirs = append(dirs, full)
		}
	}
	return dirs
}
