package container

import (
	"fmt"

	"github.com/opencontainers/runc/libcontainer/capabilities"
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runc/libcontainer/seccomp"
	"github.com/opencontainers/runc/libcontainer/specconv"
	runcfeatures "github.com/opencontainers/runc/types/features"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"
)

// FeaturesOptions are what a build knows of itself.
type FeaturesOptions struct {
	// RuncVersion is the version of runc whose behavior this is.
	RuncVersion string
	// Revision is the commit this was built from.
	Revision string
}

// Features is what this build can do, in the terms of the runtime spec.
// Whether the kernel can as well is not looked at.
func Features(o FeaturesOptions) *features.Features {
	f := &features.Features{
		OCIVersionMin: "1.0.0",
		OCIVersionMax: specs.Version,
		Hooks:         configs.KnownHookNames(),
		MountOptions:  specconv.KnownMountOptions(),
		Linux: &features.Linux{
			Namespaces:   specconv.KnownNamespaces(),
			Capabilities: capabilities.KnownCapabilities(),
			Cgroup: &features.Cgroup{
				V1: new(true), V2: new(true), Rdma: new(true),
				Systemd: new(true), SystemdUser: new(true),
			},
			Seccomp:  &features.Seccomp{Enabled: new(seccomp.Enabled)},
			Apparmor: &features.Apparmor{Enabled: new(true)},
			Selinux:  &features.Selinux{Enabled: new(true)},
			IntelRdt: &features.IntelRdt{Enabled: new(true), Schemata: new(true), Monitoring: new(true)},
			MemoryPolicy: &features.MemoryPolicy{
				Modes: specconv.KnownMemoryPolicyModes(),
				Flags: specconv.KnownMemoryPolicyFlags(),
			},
			MountExtensions: &features.MountExtensions{IDMap: &features.IDMap{Enabled: new(true)}},
			NetDevices:      &features.NetDevices{Enabled: new(true)},
		},
		Annotations: map[string]string{
			runcfeatures.AnnotationRuncVersion:           o.RuncVersion,
			runcfeatures.AnnotationRuncCommit:            o.Revision,
			runcfeatures.AnnotationRuncCheckpointEnabled: "true",
		},
		// Annotations that a caller must not take from an untrusted image.
		PotentiallyUnsafeConfigAnnotations: []string{"bundle", "org.systemd.property.", "org.criu.config"},
	}
	if seccomp.Enabled {
		s := f.Linux.Seccomp
		s.Actions = seccomp.KnownActions()
		s.Operators = seccomp.KnownOperators()
		s.Archs = seccomp.KnownArchs()
		s.KnownFlags = seccomp.KnownFlags()
		s.SupportedFlags = seccomp.SupportedFlags()
	}
	if version := LibseccompVersion(); version != "" {
		f.Annotations[runcfeatures.AnnotationLibseccompVersion] = version
	}
	return f
}

// LibseccompVersion is the version of the libseccomp in this build, empty in a
// build without.
func LibseccompVersion() string {
	major, minor, micro := seccomp.Version()
	if major == 0 && minor == 0 && micro == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", major, minor, micro)
}
