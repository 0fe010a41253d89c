package daemon

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/opencontainers/runtime-spec/specs-go"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/errdefs"
)

// mountPoints makes the volumes of a container, and says which of them are to
// be filled from the image: a folder there, a volume each. On an error the points
// are those that were made.
func (d *Daemon) mountPoints(ctx context.Context, r ours.Record) (points []ours.Mount, fill map[string]string, err error) {
	fill = map[string]string{}
	for _, bind := range r.HostConfig.Binds {
		m, err := parseBind(bind)
		if err != nil {
			return nil, nil, err
		}
		points = append(points, m)
	}
	for _, from := range r.HostConfig.VolumesFrom {
		more, err := d.volumesFrom(from)
		if err != nil {
			return nil, nil, err
		}
		points = append(points, more...)
	}
	for _, m := range r.HostConfig.Mounts {
		point, err := parseMount(m)
		if err != nil {
			return nil, nil, err
		}
		points = append(points, point)
	}
	for dest := range r.Config.Volumes {
		if !slices.ContainsFunc(points, func(m ours.Mount) bool { return m.Destination == path.Clean(dest) }) {
			points = append(points, ours.Mount{MountPoint: mountPoint(mount.TypeVolume, "", dest), Anonymous: true})
		}
	}
	seen := map[string]bool{}
	for _, m := range points {
		if seen[m.Destination] {
			return nil, nil, errdefs.Invalid("Duplicate mount point: %s", m.Destination)
		}
		seen[m.Destination] = true
	}
	for i := range points {
		m := &points[i]
		if m.Type != mount.TypeVolume {
			continue
		}
		ask := m.New
		ask.Name = m.Name
		if ask.Driver == "" {
			ask.Driver = r.HostConfig.VolumeDriver
		}
		v, err := d.Volumes.Create(ctx, ask)
		if err != nil {
			return points[:i], nil, err
		}
		m.Anonymous = m.Anonymous || m.Name == ""
		m.Name, m.Source, m.Driver = v.Name, v.Mountpoint, v.Driver
		if v, err = d.Volumes.Use(ctx, v.Name, r.ID); err != nil {
			return points[:i+1], nil, err
		}
		if !m.NoCopy {
			fill[m.Destination] = v.Name
		}
	}
	slices.SortFunc(points, func(a, b ours.Mount) int { return strings.Compare(a.Destination, b.Destination) })
	return points, fill, nil
}

// fill copies what the image has at the places of volumes into them.
func (d *Daemon) fill(ctx context.Context, root string, volumes map[string]string) error {
	for dest, name := range volumes {
		if err := d.Volumes.CopyUp(ctx, name, root, dest); err != nil {
			return err
		}
	}
	return nil
}

// parseBind reads -v: [SOURCE:]DESTINATION[:MODE].
func parseBind(bind string) (ours.Mount, error) {
	invalid := errdefs.Invalid("invalid volume specification: '%s'", bind)
	parts := strings.Split(bind, ":")
	var source, dest, mode string
	switch len(parts) {
	case 1:
		dest = parts[0]
	case 2:
		source, dest = parts[0], parts[1]
	case 3:
		source, dest, mode = parts[0], parts[1], parts[2]
	default:
		return ours.Mount{}, invalid
	}
	if !path.IsAbs(dest) {
		return ours.Mount{}, errdefs.Invalid("invalid volume specification: '%s': invalid mount config for type %q: invalid mount path: '%s' mount path must be absolute", bind, kindOf(source), dest)
	}
	if path.Clean(dest) == "/" {
		return ours.Mount{}, errdefs.Invalid("invalid volume specification: '%s': invalid mount config for type %q: invalid specification: destination can't be '/'", bind, kindOf(source))
	}
	m := ours.Mount{MountPoint: mountPoint(kindOf(source), source, dest)}
	m.Mode = mode
	for _, option := range strings.Split(mode, ",") {
		switch option {
		case "", "rw", "z", "Z", "delegated", "cached", "consistent":
		case "ro":
			m.RW = false
		case "nocopy":
			m.NoCopy = true
		case "private", "rprivate", "shared", "rshared", "slave", "rslave":
			m.Propagation = mount.Propagation(option)
		default:
			return ours.Mount{}, errdefs.Invalid("invalid mode: %s", mode)
		}
	}
	if m.Type == mount.TypeBind {
		m.Source = filepath.Clean(source)
		// As docker does for -v, and not for --mount.
		if err := os.MkdirAll(m.Source, 0o755); err != nil && !os.IsExist(err) {
			return ours.Mount{}, errdefs.Invalid("error while creating mount source path '%s': %v", m.Source, err)
		}
	} else {
		m.Name, m.Source = source, ""
	}
	return m, nil
}

func kindOf(source string) mount.Type {
	if filepath.IsAbs(source) {
		return mount.TypeBind
	}
	return mount.TypeVolume
}

func mountPoint(kind mount.Type, source, dest string) (m container.MountPoint) {
	m.Type, m.Source, m.Destination, m.RW = kind, source, path.Clean(dest), true
	if kind == mount.TypeBind {
		m.Propagation = mount.PropagationRPrivate
	}
	return m
}

// parseMount reads --mount.
func parseMount(m mount.Mount) (ours.Mount, error) {
	if m.Target == "" || !path.IsAbs(m.Target) {
		return ours.Mount{}, errdefs.Invalid("invalid mount config for type %q: invalid mount path: '%s' mount path must be absolute", m.Type, m.Target)
	}
	point := ours.Mount{MountPoint: mountPoint(m.Type, m.Source, m.Target)}
	point.RW = !m.ReadOnly
	switch m.Type {
	case mount.TypeBind:
		if _, err := os.Stat(m.Source); err != nil {
			return ours.Mount{}, errdefs.Invalid("invalid mount config for type %q: bind source path does not exist: %s", m.Type, m.Source)
		}
		if m.BindOptions != nil && m.BindOptions.Propagation != "" {
			point.Propagation = m.BindOptions.Propagation
		}
	case mount.TypeVolume:
		point.Name, point.Source = m.Source, ""
		if o := m.VolumeOptions; o != nil {
			if o.Subpath != "" {
				return ours.Mount{}, errdefs.NotImplemented("this engine mounts volumes as a whole, without subpath %q", o.Subpath)
			}
			point.NoCopy, point.New.Labels = o.NoCopy, o.Labels
			if o.DriverConfig != nil {
				point.New.Driver, point.New.DriverOpts = o.DriverConfig.Name, o.DriverConfig.Options
			}
		}
	case mount.TypeTmpfs:
		if o := m.TmpfsOptions; o != nil {
			if o.SizeBytes > 0 {
				point.Tmpfs = "size=" + strconv.FormatInt(o.SizeBytes, 10)
			}
			if o.Mode != 0 {
				point.Tmpfs = strings.Trim(point.Tmpfs+",mode="+strconv.FormatUint(uint64(o.Mode), 8), ",")
			}
		}
	default:
		return ours.Mount{}, errdefs.Invalid("mount type unknown: %q", m.Type)
	}
	return point, nil
}

// volumesFrom is the volumes of another container: NAME[:ro|rw].
func (d *Daemon) volumesFrom(from string) ([]ours.Mount, error) {
	name, mode, _ := strings.Cut(from, ":")
	other, err := d.containers.Get(name)
	if err != nil {
		return nil, err
	}
	var points []ours.Mount
	for _, m := range other.Snapshot().Mounts {
		m.Anonymous, m.NoCopy = false, true
		m.RW = m.RW && mode != "ro"
		points = append(points, m)
	}
	return points, nil
}

// specMounts is a container's mounts as the runtime is told them.
func specMounts(r ours.Record) []specs.Mount {
	var all []specs.Mount
	for _, m := range r.Mounts {
		if m.Type == mount.TypeTmpfs {
			options := []string{"nosuid", "nodev", "noexec"}
			if m.Tmpfs != "" {
				options = append(options, strings.Split(m.Tmpfs, ",")...)
			}
			all = append(all, specs.Mount{Destination: m.Destination, Type: "tmpfs", Source: "tmpfs", Options: options})
			continue
		}
		options := []string{"rbind", "rprivate"}
		if m.Propagation != "" {
			options[1] = string(m.Propagation)
		}
		if !m.RW {
			options = append(options, "ro")
		}
		all = append(all, specs.Mount{Destination: m.Destination, Type: "bind", Source: m.Source, Options: options})
	}
	return all
}
