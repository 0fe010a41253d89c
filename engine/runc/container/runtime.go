package container

import (
	"errors"
	"os"

	"github.com/moby/sys/userns"
	"github.com/opencontainers/runc/libcontainer"
)

// Runtime is where containers keep their state and what holds for all of them.
type Runtime struct {
	// Root is the folder that holds one state folder for each container.
	Root string
	// SystemdCgroup has cgroups made by systemd: the spec's cgroupsPath is then
	// slice:prefix:name.
	SystemdCgroup bool
	// Rootless says whether to go on without the right to write cgroups.
	Rootless Rootless
	// Stdio is what this program was started with.
	Stdio Stdio
}

// Rootless says whether to go on without the right to write cgroups.
type Rootless int

const (
	// RootlessAuto goes by the user: anyone but the machine's root is rootless.
	RootlessAuto Rootless = iota
	// RootlessOn ignores that cgroups cannot be written.
	RootlessOn
	// RootlessOff fails where cgroups cannot be written.
	RootlessOff
)

// Stdio is a program's standard input, output and error. They are files
// because a detached process inherits them.
type Stdio struct {
	In, Out, Err *os.File
}

// errNoID is said before anything looks for a container.
var errNoID = errors.New("container id cannot be empty")

// load reads a container's state. The id is checked by libcontainer: letters,
// digits and _+-. only, so it never leaves Root.
func (r *Runtime) load(id string) (*libcontainer.Container, error) {
	if id == "" {
		return nil, errNoID
	}
	return libcontainer.Load(r.Root, id)
}

// rootlessCgroups says whether a failure to write cgroups is ignored.
func (r *Runtime) rootlessCgroups() bool {
	switch r.Rootless {
	case RootlessOn:
		return true
	case RootlessOff:
		return false
	}
	// Root of a user namespace usually owns no cgroup either.
	return os.Geteuid() != 0 || userns.RunningInUserNS()
}
