package types

import (
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

// CreateRequest is the body of POST /containers/create.
type CreateRequest struct {
	*container.Config
	HostConfig       *HostConfig               `json:"HostConfig,omitempty"`
	NetworkingConfig *network.NetworkingConfig `json:"NetworkingConfig,omitempty"`
	// Platform that the image must be of, as os/arch/variant; empty is any. It is
	// a part of the query.
	Platform string `json:"-"`
}

// HostConfig is what a container asks of its host.
type HostConfig struct {
	container.HostConfig
	// CacheProperty is the share of the processor's last-level cache the
	// container may fill, as a schema of the kernel's resctrl
	// ("L3:0=7f0;1=1f"). Empty is no limit.
	CacheProperty string `json:"CacheProperty,omitempty"`
}

// UpdateConfig is the body of POST /containers/{name}/update. A zero field
// leaves what the container has.
type UpdateConfig struct {
	container.UpdateConfig
	// CacheProperty: see HostConfig.
	CacheProperty string `json:"CacheProperty,omitempty"`
}

// Container is the answer of GET /containers/{name}/json.
type Container struct {
	container.InspectResponse
	// HostConfig takes the place of the embedded one in JSON.
	HostConfig *HostConfig
}

// ListOptions is the query of GET /containers/json.
type ListOptions struct {
	All     bool
	Limit   int // newest first; 0 is no limit
	Size    bool
	Filters Filters
}

// StartOptions is the query of POST /containers/{name}/start.
type StartOptions struct {
	Checkpoint    string // name of the checkpoint to start from; empty is a fresh start
	CheckpointDir string // empty is the container's own folder
}

// StopOptions is the query of POST /containers/{name}/stop and /restart.
type StopOptions struct {
	Signal  string // empty is the container's StopSignal, else SIGTERM
	Timeout *int   // seconds before SIGKILL; nil is the container's own, else 10; -1 waits
}

// RemoveOptions is the query of DELETE /containers/{name}.
type RemoveOptions struct {
	Force   bool // kill it first
	Volumes bool // and its anonymous volumes
}

// AttachOptions is the query of POST /containers/{name}/attach.
type AttachOptions struct {
	Logs, Stream          bool
	Stdin, Stdout, Stderr bool
	DetachKeys            string
}

// LogsOptions is the query of GET /containers/{name}/logs.
type LogsOptions struct {
	Stdout, Stderr bool
	Follow         bool
	Timestamps     bool
	Details        bool
	Since, Until   string // RFC 3339, seconds.nanoseconds, or a duration before now
	Tail           string // a number of lines, or "all"
}

// ResizeOptions is the query of POST …/resize, in characters.
type ResizeOptions struct {
	Height, Width uint16
}

// ExecStartOptions is the body of POST /exec/{id}/start.
type ExecStartOptions = container.ExecStartRequest

// CheckpointOptions is the query of GET and DELETE …/checkpoints.
type CheckpointOptions struct {
	Dir string // empty is the container's own folder
}

// CopyToOptions is the query of PUT /containers/{name}/archive.
type CopyToOptions struct {
	Path                 string // folder in the container to unpack in
	NoOverwriteDirNonDir bool
	CopyUIDGID           bool
}

// CommitOptions are docker's for an image that is made of a container.
type CommitOptions struct {
	Repository, Tag string
	Comment, Author string
	Pause           bool
	Changes         []string
	Config          *container.Config // nil is the container's own
}
