// Package types is what the shim's server asks of its core, in plain Go.
//
// On the wire the shim speaks containerd's task API, version 2 and 3, and its
// bootstrap protocol; those messages are containerd's own.
package types

import (
	"time"

	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// Create says what to make a container from.
type Create struct {
	ID     string
	Bundle string        // folder with config.json; absolute
	Rootfs []mount.Mount // mounted at rootfs in the bundle; none if it is there already
	IO     IO
	// Checkpoint is a folder of criu images to restore instead of starting
	// the configured process; empty is none.
	Checkpoint, ParentCheckpoint string
	// Options choose the runtime; nil is its defaults.
	Options *options.Options
}

// Exec says which process to add to the container.
type Exec struct {
	ExecID  string
	Process *specs.Process
	IO      IO
}

// IO names where a process's streams go: fifos, or file:// URIs for output.
// An empty name is /dev/null. With Terminal, Stderr is unused.
type IO struct {
	Stdin, Stdout, Stderr string
	Terminal              bool
}

// KillScope says which processes a signal reaches.
type KillScope bool

// The scopes of a signal.
const (
	KillProcess KillScope = false
	KillAll     KillScope = true
)

// Checkpoint says how to dump the container.
type Checkpoint struct {
	Dir     string // where the image files go; absolute
	Options *options.CheckpointOptions
}

// Status is what a process is doing.
type Status string

// The states of a process.
const (
	StatusCreated Status = "created"
	StatusRunning Status = "running"
	StatusPaused  Status = "paused"
	StatusStopped Status = "stopped"
	StatusDeleted Status = "deleted"
)

// State is a process and how it is.
type State struct {
	ID, ExecID string
	Bundle     string
	Status     Status
	Pid        int
	IO         IO
	Exit       Exit // zero before StatusStopped
}

// Exit is how a process ended.
type Exit struct {
	Pid    int
	Status int // exit code, or 128 plus the signal
	At     time.Time
}

// Process is one of the container's processes; ExecID is empty unless Exec
// started it.
type Process struct {
	Pid    int
	ExecID string
}
