// Package spec makes the OCI spec of a container: what the person asked for, on
// top of docker's defaults.
//
// The defaults are those that keep a container in its place: a namespace of its
// own for everything, fourteen capabilities, the seccomp profile of docker, a
// /proc and /sys with the dangerous parts masked or read-only, and no devices
// but the harmless ones. Each file here is one part of the spec.
package spec

import (
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/mod/semver"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Input is what a spec is made of.
type Input struct {
	ID         string
	Config     *container.Config
	HostConfig *types.HostConfig
	Path       string // the program
	Args       []string
	Rootfs     string   // where the root file system can be read now, to look up users
	LinkEnv    []string // variables that come with links
	Init       string   // the host's program that is to be the first process; "" is none
	NetnsPath  string   // "" is the host's network
	Mounts     []specs.Mount
	CgroupRoot string // parent of the container's cgroup
	// SeccompProfile is the daemon's: "" is docker's own, "unconfined" none,
	// else the JSON of one.
	SeccompProfile string
	// RootPropagation is what the mounts need of the root; "" is private.
	RootPropagation string
	// Shm is the folder of the host that is /dev/shm; "" is memory of its own.
	Shm string
	// Runtime is what the runtime can do.
	Runtime ctypes.RuntimeFeatures
	// Resctrl says whether the kernel can limit the cache.
	Resctrl bool
	// Join is the files of other containers' namespaces that are joined.
	Join map[specs.LinuxNamespaceType]string
}

// New makes the spec.
func New(in Input) (*specs.Spec, error) {
	h := in.HostConfig
	s := &specs.Spec{
		Version:     version(in.Runtime),
		Hostname:    in.Config.Hostname,
		Domainname:  in.Config.Domainname,
		Root:        &specs.Root{Path: "rootfs", Readonly: h.ReadonlyRootfs},
		Annotations: h.Annotations,
		Linux: &specs.Linux{
			CgroupsPath:       cgroupPath(in),
			Sysctl:            sysctls(in),
			RootfsPropagation: in.RootPropagation,
		},
	}
	var err error
	if s.Process, err = process(in); err != nil {
		return nil, err
	}
	s.Linux.Namespaces = namespaces(in)
	if h.UTSMode.IsHost() {
		s.Hostname, s.Domainname = "", ""
	}
	if s.Linux.Resources, err = Resources(h.Resources); err != nil {
		return nil, err
	}
	if err := devices(s, h); err != nil {
		return nil, err
	}
	s.Mounts = mounts(in)
	if err := secure(s, in); err != nil {
		return nil, err
	}
	if h.CacheProperty != "" && in.Resctrl {
		s.Linux.IntelRdt = &specs.LinuxIntelRdt{ClosID: in.ID, L3CacheSchema: h.CacheProperty}
	}
	return s, nil
}

// version is the newest version of the runtime spec that the runtime knows, and
// that which all know if it does not say.
func version(runtime ctypes.RuntimeFeatures) string {
	const oldest = "1.0.2"
	switch known := "v" + runtime.SpecVersion; {
	case !semver.IsValid(known):
		return oldest
	case semver.Compare(known, "v"+specs.Version) > 0:
		return specs.Version
	}
	return runtime.SpecVersion
}

func cgroupPath(in Input) string {
	parent := in.CgroupRoot
	if in.HostConfig.CgroupParent != "" {
		parent = in.HostConfig.CgroupParent
	}
	return "/" + strings.Trim(parent, "/") + "/" + in.ID
}

// namespaces is a namespace of each kind, but for those of the host or another
// container that were asked for.
func namespaces(in Input) []specs.LinuxNamespace {
	h := in.HostConfig
	ns := []specs.LinuxNamespace{{Type: specs.MountNamespace}}
	add := func(kind specs.LinuxNamespaceType, host bool) {
		if !host {
			ns = append(ns, specs.LinuxNamespace{Type: kind, Path: in.Join[kind]})
		}
	}
	add(specs.UTSNamespace, h.UTSMode.IsHost())
	add(specs.IPCNamespace, h.IpcMode.IsHost())
	add(specs.PIDNamespace, h.PidMode.IsHost())
	if in.NetnsPath != "" {
		ns = append(ns, specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: in.NetnsPath})
	}
	add(specs.CgroupNamespace, !h.CgroupnsMode.IsPrivate())
	return ns
}

// sysctls are those asked for, and two that are harmless within a network of
// one's own and that programs without privileges need.
func sysctls(in Input) map[string]string {
	all := map[string]string{}
	if in.NetnsPath != "" && !in.HostConfig.NetworkMode.IsHost() {
		all["net.ipv4.ip_unprivileged_port_start"] = "0"
		all["net.ipv4.ping_group_range"] = "0 2147483647"
	}
	for k, v := range in.HostConfig.Sysctls {
		all[k] = v
	}
	return all
}

// CheckSysctls says which of the sysctls asked for would change the host.
func CheckSysctls(h *types.HostConfig) error {
	for key := range h.Sysctls {
		switch {
		case strings.HasPrefix(key, "net."):
			if h.NetworkMode.IsHost() {
				return errdefs.Invalid("sysctl %q not allowed in host network namespace", key)
			}
		case strings.HasPrefix(key, "kernel.msg"), strings.HasPrefix(key, "kernel.sem"), strings.HasPrefix(key, "kernel.shm"), strings.HasPrefix(key, "fs.mqueue."):
			if h.IpcMode.IsHost() {
				return errdefs.Invalid("sysctl %q not allowed in host ipc namespace", key)
			}
		default:
			return errdefs.Invalid("sysctl %q is not allowed: it is not separate for each container", key)
		}
	}
	return nil
}
