package types

import (
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// IO names the fifos of a process, which exist before it is created. An
// empty name is /dev/null. With Terminal, Stderr is unused.
type IO struct {
	Stdin, Stdout, Stderr string
	Terminal              bool
}

// CreateOptions say what to create a container from.
type CreateOptions struct {
	Spec        *specs.Spec
	Rootfs      []mount.Mount // from the snapshotter; the shim mounts them
	SnapshotKey string        // keeps the snapshot from being collected
	Image       string        // name of the image, for people
	Labels      map[string]string
	IO          IO
	Runtime     string // path of the runtime's program; "" leaves it to the shim
	Checkpoint  string // folder of a checkpoint to restore instead of starting; empty is none
}

// KillScope says which processes a signal reaches.
type KillScope int

const (
	// KillProcess signals the one process.
	KillProcess KillScope = iota
	// KillAll signals every process of the container.
	KillAll
)

// CheckpointOptions say where a checkpoint goes.
type CheckpointOptions struct {
	Dir  string // absolute; the runtime's image files go there
	Exit bool   // stop the container afterwards
}

// Status is a process's state as containerd tells it.
type Status string

// The states of a process. StatusUnknown is a record without a task.
const (
	StatusUnknown Status = "unknown"
	StatusCreated Status = "created"
	StatusRunning Status = "running"
	StatusPaused  Status = "paused"
	StatusStopped Status = "stopped"
)

// ProcessState is a process and how it is.
type ProcessState struct {
	ID, ExecID string
	Status     Status
	Pid        int
	IO         IO
	Exit       Exit // once Status is StatusStopped
}

// Exit is how a process ended.
type Exit struct {
	Status uint32 // exit code, or 128 plus the signal
	At     time.Time
}

// TaskEvent is something that happened to a process.
type TaskEvent struct {
	Kind       TaskEventKind
	ID, ExecID string
	Pid        int
	Exit       Exit // of TaskExit
}

// TaskEventKind is what happened.
type TaskEventKind string

// What can happen to a task, by containerd's topic.
const (
	TaskExit       TaskEventKind = "/tasks/exit"
	TaskOOM        TaskEventKind = "/tasks/oom"
	TaskPaused     TaskEventKind = "/tasks/paused"
	TaskResumed    TaskEventKind = "/tasks/resumed"
	TaskCheckpoint TaskEventKind = "/tasks/checkpointed"
)

// RuntimeFeatures is what the runtime was built with, as it tells it.
type RuntimeFeatures struct {
	Version     string
	SpecVersion string // the newest of the runtime spec that it takes
	Seccomp     bool   // it can filter system calls
	// RecursiveReadOnly says that it can make a mount read-only with all below it.
	RecursiveReadOnly bool
}
