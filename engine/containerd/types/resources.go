// Package types is what crosses the wire between the daemon and containerd
// beyond containerd's own API types.
package types

import (
	"github.com/opencontainers/runtime-spec/specs-go"
)

// Resources is the Resources of a task's UpdateTaskRequest: the OCI
// resources, and the cache schema that OCI keeps beside them.
//
// It is sent as JSON under ResourcesURL. A real containerd passes it through
// and a real shim reads its LinuxResources and ignores the rest.
type Resources struct {
	specs.LinuxResources
	IntelRdt *specs.LinuxIntelRdt `json:"intelRdt,omitempty"`
}

// ResourcesURL is the type URL under which containerd knows OCI resources.
const ResourcesURL = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"
