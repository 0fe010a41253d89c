package daemon

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/mount"

	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/mounts"
	"github.com/callroute/callroute/engine/errdefs"
)

// mountPoints makes the volumes of a container, and says which of them are to
// be filled from the image: a folder there, a volume each. On an error the points
// are those that were made.
func (d *creator) mountPoints(ctx context.Context, r ours.Record) (points []mounts.Point, fill map[string]string, err error) {
	asked, err := d.askedMounts(r)
	if err != nil {
		return nil, nil, err
	}
	fill = map[string]string{}
	for _, m := range asked {
		if m.Type == mount.TypeImage {
			image, err := d.Images.Get(ctx, m.Name)
			if err != nil {
				return points, nil, err
			}
			m.Image = image.ID
		}
		if m.Type != mount.TypeVolume {
			points = append(points, m)
			continue
		}
		ask := m.New
		ask.Name = m.Name
		if ask.Driver == "" {
			ask.Driver = r.HostConfig.VolumeDriver
		}
		v, err := d.Volumes.Create(ctx, ask)
		if err != nil {
			return points, nil, err
		}
		m.Anonymous = m.Anonymous || m.Name == ""
		if !m.Anonymous && m.Mode == "" {
			m.Mode = "z" // what docker says of a volume with a name
		}
		m.Name, m.Source, m.Driver = v.Name, v.Mountpoint, v.Driver
		points = append(points, m)
		if v, err = d.Volumes.Use(ctx, v.Name, r.ID); err != nil {
			return points, nil, err
		}
		if !m.NoCopy {
			fill[m.Destination] = v.Name
		}
	}
	return points, fill, nil
}

// askedMounts is what is to be mounted, by place. Two that a person asks for
// must not be at one place; what comes from another container or the image
// gives way.
func (d *creator) askedMounts(r ours.Record) ([]mounts.Point, error) {
	at := map[string]mounts.Point{}
	for _, from := range r.HostConfig.VolumesFrom {
		name, mode, _ := strings.Cut(from, ":")
		other, err := d.containers.Get(name)
		if err != nil {
			return nil, err
		}
		points, err := mounts.From(other.Snapshot().Mounts, mode)
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			at[p.Destination] = p
		}
	}
	own := map[string]bool{}
	for dest := range r.HostConfig.Tmpfs {
		own[path.Clean(dest)] = true
	}
	add := func(p mounts.Point, err error) error {
		if err == nil && own[p.Destination] {
			err = errdefs.Invalid("Duplicate mount point: %s", p.Destination)
		}
		own[p.Destination] = true
		at[p.Destination] = p
		return err
	}
	// A folder with the engine's own root in it has containers' filesystems: where
	// nothing else is asked for, they go from there when the engine takes them away.
	slave := func(p mounts.Point, asked bool) mounts.Point {
		if p.Type == mount.TypeBind && !asked && within(p.Source, d.Root) {
			p.Propagation, p.Lenient = mount.PropagationRSlave, true
		}
		return p
	}
	for _, bind := range r.HostConfig.Binds {
		p, err := mounts.ParseBind(bind)
		if err := add(slave(p, mounts.AsksPropagation(p.Mode)), err); err != nil {
			return nil, err
		}
	}
	for _, m := range r.HostConfig.Mounts {
		p, err := mounts.Parse(m)
		if err := add(slave(p, m.BindOptions != nil && m.BindOptions.Propagation != ""), err); err != nil {
			return nil, err
		}
	}
	for dest := range r.Config.Volumes {
		p := mounts.Volume(dest)
		if _, taken := at[p.Destination]; !taken && !own[p.Destination] {
			at[p.Destination] = p
		}
	}
	return slices.SortedFunc(maps.Values(at), func(a, b mounts.Point) int { return strings.Compare(a.Destination, b.Destination) }), nil
}

// within reports whether a path is a folder or in it.
func within(folder, path string) bool {
	return folder == path || folder == "/" || strings.HasPrefix(path, folder+"/")
}

// fill copies what the image has at the places of volumes into them.
func (d *creator) fill(ctx context.Context, root string, volumes map[string]string) error {
	for dest, name := range volumes {
		if err := d.Volumes.CopyUp(ctx, name, root, dest); err != nil {
			return err
		}
	}
	return nil
}
