// Package mounts reads what a person wants mounted in a container, and says it
// in the runtime's words.
//
// A Point is one place in a container and what is to be seen there: a folder or
// file of the host (bind), a volume, an image, or memory (tmpfs). -v is read by ParseBind,
// --mount by Parse, --volumes-from by From. What of it cannot be right is refused
// with docker's words; what depends on the machine as it is at the start of the
// container, such as a folder of the host, is looked at by Spec and Prepare.
package mounts

import (
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/volume"

	"github.com/callroute/callroute/engine/errdefs"
)

// Point is a mount of a container.
type Point struct {
	container.MountPoint
	Anonymous bool               `json:",omitempty"` // a volume that is removed with the container, if asked
	NoCopy    bool               `json:",omitempty"` // the image's files stay out of a new volume
	Subpath   string             `json:",omitempty"` // the part of a volume or image that is mounted
	Lenient   bool               `json:",omitempty"` // private where the propagation cannot be
	Image     string             `json:",omitempty"` // the ID of the image that is mounted; its name is Name
	Tmpfs     string             // options of a tmpfs, with commas
	Bind      *mount.BindOptions `json:",omitempty"`
	// New is how to make a volume that is not there yet.
	New volume.CreateRequest `json:"-"`
}

// Volume is a mount of a volume without a name.
func Volume(dest string) Point {
	return Point{MountPoint: place(mount.TypeVolume, "", dest), Anonymous: true}
}

func place(kind mount.Type, source, dest string) (m container.MountPoint) {
	m.Type, m.Source, m.Destination, m.RW = kind, source, path.Clean(dest), true
	if kind == mount.TypeBind || kind == mount.TypeImage {
		m.Propagation = mount.PropagationRPrivate
	}
	return m
}

// modes are the words after the second colon of -v, by what they are about: one
// mount has at most one of each kind.
var modes = map[string]string{
	"ro": "access", "rw": "access",
	"z": "label", "Z": "label",
	"nocopy":    "copy",
	"delegated": "consistency", "cached": "consistency", "consistent": "consistency", "default": "consistency",
	"private": "propagation", "rprivate": "propagation", "shared": "propagation", "rshared": "propagation", "slave": "propagation", "rslave": "propagation",
}

// parseMode splits a mode into its words by kind.
func parseMode(mode string, kinds ...string) (map[string]string, error) {
	words := map[string]string{}
	if mode == "" {
		return words, nil
	}
	for word := range strings.SplitSeq(mode, ",") {
		kind := modes[word]
		if !slices.Contains(kinds, kind) || words[kind] != "" {
			return nil, errdefs.Invalid("invalid mode: %s", mode)
		}
		words[kind] = word
	}
	return words, nil
}

// AsksPropagation reports whether a mode names a propagation.
func AsksPropagation(mode string) bool {
	return slices.ContainsFunc(strings.Split(mode, ","), func(word string) bool { return modes[word] == "propagation" })
}

// ParseBind reads -v: [SOURCE:]DESTINATION[:MODE].
func ParseBind(bind string) (Point, error) {
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
		return Point{}, errdefs.Invalid("invalid volume specification: '%s'", bind)
	}
	kind := mount.TypeVolume
	if filepath.IsAbs(source) {
		kind = mount.TypeBind
	}
	invalid := func(why string) error {
		return errdefs.Invalid("invalid volume specification: '%s': invalid mount config for type %q: %s", bind, kind, why)
	}
	switch {
	case !path.IsAbs(dest):
		return Point{}, invalid("invalid mount path: '" + dest + "' mount path must be absolute")
	case path.Clean(dest) == "/":
		return Point{}, invalid("invalid specification: destination can't be '/'")
	}
	words, err := parseMode(mode, "access", "label", "copy", "consistency", "propagation")
	if err != nil {
		return Point{}, err
	}
	p := Point{MountPoint: place(kind, source, dest)}
	p.Mode, p.RW, p.NoCopy = mode, words["access"] != "ro", words["copy"] != ""
	if kind == mount.TypeVolume {
		if words["propagation"] != "" {
			return Point{}, invalid("field BindOptions must not be specified")
		}
		p.Name, p.Source = source, ""
		return p, nil
	}
	if p.NoCopy {
		return Point{}, invalid("field VolumeOptions must not be specified")
	}
	p.Source = filepath.Clean(source)
	if words["propagation"] != "" {
		p.Propagation = mount.Propagation(words["propagation"])
	}
	p.Bind = &mount.BindOptions{CreateMountpoint: true}
	return p, nil
}

// From is the mounts of another container in a container that has them by
// --volumes-from, with the mode that stands there after a colon. An anonymous
// volume stays one: it goes with the last who has it.
func From(points []Point, mode string) ([]Point, error) {
	words, err := parseMode(mode, "access", "label", "consistency")
	if err != nil {
		return nil, err
	}
	var all []Point
	for _, p := range points {
		if p.Type == mount.TypeTmpfs {
			continue // memory is its container's own
		}
		p.NoCopy = true
		p.RW = p.RW && words["access"] != "ro"
		all = append(all, p)
	}
	return all, nil
}

// Parse reads --mount.
func Parse(m mount.Mount) (Point, error) {
	p := Point{MountPoint: place(m.Type, m.Source, m.Target)}
	p.RW = !m.ReadOnly
	var why string
	switch {
	case m.Target == "":
		why = "field Target must not be empty"
	case !path.IsAbs(m.Target):
		why = "invalid mount path: '" + m.Target + "' mount path must be absolute"
	case p.Destination == "/":
		why = "invalid specification: destination can't be '/'"
	case m.Consistency != "" && modes[string(m.Consistency)] != "consistency":
		why = "invalid consistency: " + string(m.Consistency)
	case m.BindOptions != nil && m.Type != mount.TypeBind:
		why = "field BindOptions must not be specified"
	case m.VolumeOptions != nil && m.Type != mount.TypeVolume:
		why = "field VolumeOptions must not be specified"
	case m.TmpfsOptions != nil && m.Type != mount.TypeTmpfs:
		why = "field TmpfsOptions must not be specified"
	case m.ImageOptions != nil && m.Type != mount.TypeImage:
		why = "field ImageOptions must not be specified"
	case m.ClusterOptions != nil:
		return Point{}, errdefs.NotImplemented("this engine mounts no volumes of a cluster")
	case m.Type == mount.TypeBind:
		why = p.bind(m)
	case m.Type == mount.TypeVolume:
		why = p.volume(m)
	case m.Type == mount.TypeImage:
		why = p.image(m)
	case m.Type == mount.TypeTmpfs:
		why = p.tmpfs(m)
	default:
		return Point{}, errdefs.Invalid("invalid mount config for type %q: mount type unknown", m.Type)
	}
	if why != "" {
		return Point{}, errdefs.Invalid("invalid mount config for type %q: %s", m.Type, why)
	}
	return p, nil
}

func (p *Point) bind(m mount.Mount) (why string) {
	switch {
	case m.Source == "":
		return "field Source must not be empty"
	case !filepath.IsAbs(m.Source):
		return "invalid mount path: '" + m.Source + "' mount path must be absolute"
	}
	p.Source = filepath.Clean(m.Source)
	o := m.BindOptions
	if o == nil {
		o = &mount.BindOptions{}
	}
	switch {
	case o.Propagation != "" && !slices.Contains(mount.Propagations, o.Propagation):
		return "invalid propagation mode: " + string(o.Propagation)
	case (o.ReadOnlyForceRecursive || o.ReadOnlyNonRecursive) && !m.ReadOnly:
		return "a read-only mode is for a read-only mount"
	case o.ReadOnlyForceRecursive && (o.ReadOnlyNonRecursive || o.NonRecursive):
		return "ReadOnlyForceRecursive conflicts with ReadOnlyNonRecursive and NonRecursive"
	case o.ReadOnlyForceRecursive && o.Propagation != "" && o.Propagation != mount.PropagationRPrivate:
		return "ReadOnlyForceRecursive requires the propagation rprivate"
	case !o.CreateMountpoint && !exists(p.Source):
		return "bind source path does not exist: " + m.Source
	}
	if o.Propagation != "" {
		p.Propagation = o.Propagation
	}
	p.Bind = o
	return ""
}

func (p *Point) volume(m mount.Mount) (why string) {
	p.Name, p.Source = m.Source, ""
	o := m.VolumeOptions
	if o == nil {
		return ""
	}
	if o.Subpath != "" && !filepath.IsLocal(o.Subpath) {
		return "subpath must be a relative path within the volume"
	}
	p.Subpath = o.Subpath
	p.NoCopy, p.New.Labels = o.NoCopy || o.Subpath != "", o.Labels
	if o.DriverConfig != nil {
		p.New.Driver, p.New.DriverOpts = o.DriverConfig.Name, o.DriverConfig.Options
	}
	return ""
}

// image reads the mount of an image, which nobody can write to.
func (p *Point) image(m mount.Mount) (why string) {
	if m.Source == "" {
		return "field Source must not be empty"
	}
	p.Name, p.Source, p.RW = m.Source, "", false
	if o := m.ImageOptions; o != nil {
		if o.Subpath != "" && !filepath.IsLocal(o.Subpath) {
			return "subpath must be a relative path within the image"
		}
		p.Subpath = o.Subpath
	}
	return ""
}

func (p *Point) tmpfs(m mount.Mount) (why string) {
	if m.Source != "" {
		return "field Source must not be specified"
	}
	o := m.TmpfsOptions
	if o == nil {
		return ""
	}
	var options []string
	if o.SizeBytes < 0 {
		return "the size of a tmpfs must not be negative"
	}
	if o.SizeBytes > 0 {
		options = append(options, "size="+strconv.FormatInt(o.SizeBytes, 10))
	}
	if o.Mode != 0 {
		options = append(options, "mode="+strconv.FormatUint(uint64(o.Mode), 8))
	}
	for _, option := range o.Options {
		if len(option) != 1 || option[0] != "exec" && option[0] != "noexec" {
			return "invalid option: " + strings.Join(option, "=")
		}
		options = append(options, option[0])
	}
	p.Tmpfs = strings.Join(options, ",")
	return ""
}
