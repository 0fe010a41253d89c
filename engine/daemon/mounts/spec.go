package mounts

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/moby/api/types/mount"
	"github.com/moby/sys/mountinfo"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/errdefs"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Prepare makes the folders of the host that are to be mounted, are not there,
// and may be made: those of -v.
func Prepare(points []Point) error {
	for _, p := range points {
		if p.Type != mount.TypeBind || p.Bind == nil || !p.Bind.CreateMountpoint {
			continue
		}
		if _, err := os.Lstat(p.Source); err == nil {
			continue // a file or a socket is mounted as well
		}
		if err := os.MkdirAll(p.Source, 0o755); err != nil {
			return errdefs.Invalid("error while creating mount source path '%s': %v", p.Source, err)
		}
	}
	return nil
}

// Host is what decides how a mount can be made.
type Host struct {
	// RecursiveReadOnly says that runtime and kernel can make a mount read-only
	// with all that is mounted below it.
	RecursiveReadOnly bool
}

// Spec is the mounts as the runtime is told them, and the propagation that the
// container's root needs for them: "" if any will do.
func Spec(points []Point, h Host) (all []specs.Mount, root string, err error) {
	for _, p := range points {
		if p.Type == mount.TypeTmpfs {
			all = append(all, p.memory())
			continue
		}
		m := specs.Mount{Destination: p.Destination, Type: "bind", Source: p.Source, Options: []string{"rbind", "rprivate"}}
		if p.Bind != nil && p.Bind.NonRecursive {
			m.Options[0] = "bind"
		}
		needs, err := propagation(p, root)
		if err != nil && p.Lenient {
			p.Propagation, needs, err = mount.PropagationRPrivate, root, nil
		}
		if err != nil {
			return nil, "", err
		}
		root = needs
		if p.Propagation != "" {
			m.Options[1] = string(p.Propagation)
		}
		if !p.RW {
			how, err := p.readOnly(h)
			if err != nil {
				return nil, "", err
			}
			m.Options = append(m.Options, how)
		}
		all = append(all, m)
	}
	return all, root, nil
}

func (p Point) memory() specs.Mount {
	m := specs.Mount{Destination: p.Destination, Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev", "noexec"}}
	if p.Tmpfs != "" {
		m.Options = append(m.Options, strings.Split(p.Tmpfs, ",")...)
	}
	if !p.RW {
		m.Options = append(m.Options, "ro")
	}
	return m
}

// readOnly is the option that makes the mount read-only: with all below it, if
// that can be and was not declined.
func (p Point) readOnly(h Host) (string, error) {
	o := p.Bind
	if o == nil {
		o = &mount.BindOptions{}
	}
	switch {
	case h.RecursiveReadOnly && !o.ReadOnlyNonRecursive && !o.NonRecursive:
		return "rro", nil
	case o.ReadOnlyForceRecursive:
		return "", errdefs.Invalid("mount %s cannot be made read-only recursively: the runtime or the kernel cannot do it", p.Destination)
	}
	return "ro", nil
}

// propagation is what a mount needs of the container's root, on top of what the
// others need. What is to be shared must come from a shared mount, or nobody
// would ever hear of a mount below it.
func propagation(p Point, root string) (string, error) {
	switch p.Propagation {
	case mount.PropagationShared, mount.PropagationRShared:
		at, optional, err := origin(p.Source)
		if err != nil {
			return "", err
		}
		if !strings.Contains(optional, "shared:") {
			return "", errdefs.Invalid("path %s is mounted on %s but it is not a shared mount", p.Source, at)
		}
		return "shared", nil
	case mount.PropagationSlave, mount.PropagationRSlave:
		at, optional, err := origin(p.Source)
		if err != nil {
			return "", err
		}
		if !strings.Contains(optional, "shared:") && !strings.Contains(optional, "master:") {
			return "", errdefs.Invalid("path %s is mounted on %s but it is not a shared or slave mount", p.Source, at)
		}
		if root == "" {
			root = "rslave"
		}
	}
	return root, nil
}

// origin is the mount that a path of the host lies on.
func origin(path string) (at, optional string, err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", "", errdefs.Invalid("bind source path does not exist: %w", err)
	}
	found, err := mountinfo.GetMounts(mountinfo.ParentsFilter(path))
	if err != nil {
		return "", "", err
	}
	for _, m := range found {
		if len(m.Mountpoint) >= len(at) { // of two at one place the last is seen
			at, optional = m.Mountpoint, m.Optional
		}
	}
	return at, optional, nil
}
