package spec

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/moby/moby/api/types/container"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// devices forbids all devices but those of every container, which the runtime
// adds itself, and those asked for.
func devices(s *specs.Spec, h *types.HostConfig) error {
	if h.Privileged {
		s.Linux.Resources.Devices = []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}
		return hostDevices(s)
	}
	s.Linux.Resources.Devices = []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}
	for _, d := range h.Devices {
		if err := device(s, d); err != nil {
			return err
		}
	}
	for _, rule := range h.DeviceCgroupRules {
		r, err := deviceRule(rule)
		if err != nil {
			return err
		}
		s.Linux.Resources.Devices = append(s.Linux.Resources.Devices, r)
	}
	return nil
}

func device(s *specs.Spec, d container.DeviceMapping) error {
	path, err := filepath.EvalSymlinks(d.PathOnHost)
	if err != nil {
		return errdefs.Invalid("error gathering device information while adding custom device %q: %v", d.PathOnHost, err)
	}
	inside := d.PathInContainer
	if inside == "" {
		inside = d.PathOnHost
	}
	access := d.CgroupPermissions
	if access == "" {
		access = "rwm"
	}
	return addDevice(s, path, inside, access)
}

func addDevice(s *specs.Spec, path, inside, access string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return errdefs.Invalid("error gathering device information while adding custom device %q: %v", path, &os.PathError{Op: "stat", Path: path, Err: err})
	}
	var kind string
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFBLK:
		kind = "b"
	case unix.S_IFCHR:
		kind = "c"
	default:
		return errdefs.Invalid("error gathering device information while adding custom device %q: not a device node", path)
	}
	major, minor := int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
	mode := os.FileMode(st.Mode & 0o777)
	s.Linux.Devices = append(s.Linux.Devices, specs.LinuxDevice{Path: inside, Type: kind, Major: major, Minor: minor, FileMode: &mode, UID: &st.Uid, GID: &st.Gid})
	s.Linux.Resources.Devices = append(s.Linux.Resources.Devices, specs.LinuxDeviceCgroup{Allow: true, Type: kind, Major: &major, Minor: &minor, Access: access})
	return nil
}

// hostDevices gives a privileged container every device of the host.
func hostDevices(s *specs.Spec) error {
	return filepath.WalkDir("/dev", func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // a device that went meanwhile
		}
		if e.IsDir() {
			switch path {
			case "/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/fd":
				return filepath.SkipDir
			}
			return nil
		}
		if e.Type()&os.ModeDevice == 0 || path == "/dev/console" {
			return nil
		}
		var st unix.Stat_t
		if unix.Stat(path, &st) != nil {
			return nil //nolint:nilerr // it went meanwhile
		}
		kind := "c"
		if st.Mode&unix.S_IFMT == unix.S_IFBLK {
			kind = "b"
		}
		mode := os.FileMode(st.Mode & 0o777)
		s.Linux.Devices = append(s.Linux.Devices, specs.LinuxDevice{
			Path: path, Type: kind, Major: int64(unix.Major(st.Rdev)), Minor: int64(unix.Minor(st.Rdev)), FileMode: &mode, UID: &st.Uid, GID: &st.Gid,
		})
		return nil
	})
}

var rule = regexp.MustCompile(`^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$`)

func deviceRule(text string) (specs.LinuxDeviceCgroup, error) {
	m := rule.FindStringSubmatch(text)
	if m == nil {
		return specs.LinuxDeviceCgroup{}, errdefs.Invalid("invalid device cgroup rule format: '%s'", text)
	}
	number := func(s string) *int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil // "*"
		}
		return &n
	}
	return specs.LinuxDeviceCgroup{Allow: true, Type: m[1], Major: number(m[2]), Minor: number(m[3]), Access: m[4]}, nil
}
