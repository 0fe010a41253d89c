package spec

import (
	"os"
	"slices"
	"strings"

	"github.com/moby/profiles/seccomp"
	"github.com/moby/sys/capability"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// capabilities are docker's defaults.
var capabilities = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
	"CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
}

// masked and readonly are the parts of /proc and /sys that tell or change what
// is the host's.
var (
	masked = []string{
		"/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
		"/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
	}
	readonly = []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}
)

// ProtectedPaths are a container's masked and read-only paths: those that it asks
// for, be it none, else docker's.
func ProtectedPaths(h *types.HostConfig) (hidden, fixed []string) {
	hidden, fixed = masked, readonly
	if h.Privileged {
		hidden, fixed = nil, nil
	} else if o, err := ParseSecurity(h.SecurityOpt); err == nil && o.Unmasked {
		hidden, fixed = []string{}, []string{}
	}
	if h.MaskedPaths != nil {
		hidden = h.MaskedPaths
	}
	if h.ReadonlyPaths != nil {
		fixed = h.ReadonlyPaths
	}
	return hidden, fixed
}

// secure takes from the process what it was not given.
func secure(s *specs.Spec, in Input) error {
	h := in.HostConfig
	caps, err := Capabilities(h.CapAdd, h.CapDrop, h.Privileged)
	if err != nil {
		return err
	}
	s.Process.Capabilities = CapabilitySets(caps, s.Process.User)
	if h.Privileged {
		return nil
	}
	s.Linux.MaskedPaths, s.Linux.ReadonlyPaths = ProtectedPaths(h)
	o, err := ParseSecurity(h.SecurityOpt)
	if err != nil {
		return err
	}
	s.Process.NoNewPrivileges = o.NoNewPrivileges
	profile := in.SeccompProfile
	if o.Seccomp != "" {
		profile = o.Seccomp
	}
	if profile == "unconfined" {
		return nil
	}
	if !in.Runtime.Seccomp {
		if o.Seccomp != "" {
			return errdefs.Invalid("seccomp is not enabled in your kernel or runtime, cannot run a custom seccomp profile")
		}
		return nil
	}
	if profile == "" || profile == "builtin" {
		s.Linux.Seccomp, err = seccomp.GetDefaultProfile(s)
	} else {
		s.Linux.Seccomp, err = seccomp.LoadProfile(profile, s)
	}
	if err != nil {
		return errdefs.Invalid("seccomp profile: %v", err)
	}
	return nil
}

// Security is what --security-opt can say here.
type Security struct {
	NoNewPrivileges bool
	Unmasked        bool   // systempaths=unconfined
	Seccomp         string // a profile, "unconfined", or "" for the default
}

// ParseSecurity reads --security-opt.
func ParseSecurity(options []string) (Security, error) {
	var s Security
	for _, option := range options {
		key, value, ok := strings.Cut(option, "=")
		if !ok {
			key, value, ok = strings.Cut(option, ":")
		}
		switch {
		case key == "no-new-privileges" && (!ok || value == "true"):
			s.NoNewPrivileges = true
		case key == "no-new-privileges" && value == "false":
		case key == "seccomp" && ok:
			s.Seccomp = value
		case key == "systempaths" && value == "unconfined":
			s.Unmasked = true
		case key == "label" || key == "apparmor" && (value == "unconfined" || value == "" || !appArmor()):
			// This engine uses neither SELinux nor AppArmor. Where the kernel has no
			// AppArmor, docker does not look at a profile either.
		default:
			return s, errdefs.Invalid("invalid --security-opt 2: %q", option)
		}
	}
	return s, nil
}

// appArmor reports whether the kernel enforces profiles.
func appArmor() bool {
	enabled, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	return err == nil && len(enabled) > 0 && enabled[0] == 'Y'
}

// Capabilities are the defaults with some added and some dropped. ALL stands
// for every one.
func Capabilities(add, drop []string, privileged bool) ([]string, error) {
	known := allCapabilities()
	if privileged {
		return available(known), nil
	}
	add, err := normalize(add, known)
	if err != nil {
		return nil, errdefs.Invalid("invalid CapAdd: %w", err)
	}
	if drop, err = normalize(drop, known); err != nil {
		return nil, errdefs.Invalid("invalid CapDrop: %w", err)
	}
	caps := slices.Clone(capabilities)
	switch {
	case slices.Contains(add, "ALL"):
		caps = available(known)
	case slices.Contains(drop, "ALL"):
		caps = nil
	}
	caps = slices.DeleteFunc(caps, func(c string) bool { return slices.Contains(drop, c) })
	for _, c := range add {
		if c != "ALL" && !slices.Contains(caps, c) {
			caps = append(caps, c)
		}
	}
	return caps, nil
}

func normalize(names, known []string) ([]string, error) {
	var out []string
	for _, n := range names {
		c := strings.ToUpper(n)
		if c != "ALL" && !strings.HasPrefix(c, "CAP_") {
			c = "CAP_" + c
		}
		if c != "ALL" && !slices.Contains(known, c) {
			return nil, errdefs.Invalid("unknown capability: %q", c)
		}
		out = append(out, c)
	}
	return out, nil
}

// allCapabilities is those that this kernel knows.
func allCapabilities() []string {
	list, err := capability.ListSupported()
	if err != nil {
		list = capability.ListKnown()
	}
	var all []string
	for _, c := range list {
		all = append(all, "CAP_"+strings.ToUpper(c.String()))
	}
	return all
}

// available are those that this process may pass on. An engine that runs in a
// container itself, or under a service manager, may lack some.
func available(caps []string) []string {
	return slices.DeleteFunc(slices.Clone(caps), func(name string) bool {
		for _, c := range capability.ListKnown() {
			if "CAP_"+strings.ToUpper(c.String()) == name {
				bound, err := capability.GetBound(c)
				return err == nil && !bound
			}
		}
		return false
	})
}

// CapabilitySets are the sets of a process. One that is not root has them only
// for programs that carry capabilities.
func CapabilitySets(caps []string, who specs.User) *specs.LinuxCapabilities {
	sets := &specs.LinuxCapabilities{Bounding: caps}
	if who.UID == 0 {
		sets.Permitted, sets.Effective = caps, caps
	}
	return sets
}

// Resctrl reports whether the kernel can limit the cache.
func Resctrl() bool {
	_, err := os.Stat("/sys/fs/resctrl/info")
	return err == nil
}
