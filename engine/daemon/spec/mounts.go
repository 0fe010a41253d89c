package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// initPath is where an init is in the container, as with docker.
const initPath = "/sbin/docker-init"

// mounts are the kernel's file systems, then what was asked for, outer folders
// before those in them. A mount that was asked for takes the place of a default.
func mounts(in Input) []specs.Mount {
	h := in.HostConfig
	shm := h.ShmSize
	if shm == 0 {
		shm = 64 << 20
	}
	defaults := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev", "ro"}},
		{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: []string{"ro", "nosuid", "noexec", "nodev"}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "noexec", "nodev", "mode=1777", fmt.Sprintf("size=%d", shm)}},
	}
	// The queues are those of the IPC namespace, wherever they are mounted; the
	// memory has to be the mount of whose namespace it is.
	last := len(defaults) - 1
	switch {
	case h.IpcMode.IsNone():
		defaults = defaults[:last]
	case in.Shm != "":
		defaults[last] = specs.Mount{Destination: "/dev/shm", Type: "bind", Source: in.Shm, Options: []string{"rbind", "rprivate"}}
	}
	if h.Privileged {
		for i := range defaults {
			defaults[i].Options = slices.DeleteFunc(defaults[i].Options, func(o string) bool { return o == "ro" })
		}
	}
	if in.Init != "" {
		defaults = append(defaults, specs.Mount{Destination: initPath, Type: "bind", Source: in.Init, Options: []string{"bind", "ro"}})
	}
	asked := slices.Clone(in.Mounts)
	for path, options := range h.Tmpfs {
		m := specs.Mount{Destination: path, Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev", "noexec"}}
		for _, o := range strings.Split(options, ",") {
			if o != "" {
				m.Options = append(m.Options, o)
			}
		}
		asked = append(asked, m)
	}
	slices.SortStableFunc(asked, func(a, b specs.Mount) int {
		return strings.Compare(a.Destination, b.Destination)
	})
	all := slices.DeleteFunc(defaults, func(d specs.Mount) bool {
		return slices.ContainsFunc(asked, func(a specs.Mount) bool {
			return a.Destination == d.Destination || strings.HasPrefix(d.Destination, a.Destination+"/") && a.Destination != "/dev"
		})
	})
	return append(all, asked...)
}
