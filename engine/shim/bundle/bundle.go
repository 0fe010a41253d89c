// Package bundle names the files in a container's bundle that containerd, the
// shim and the runtime leave there for each other, and writes them.
//
// A bundle is a folder of containerd's state: it lasts as long as the machine
// runs. So a file is whole or absent whoever is killed while it is written,
// but no file waits for the disk, which would cost every container
// milliseconds.
package bundle

import (
	"errors"
	"os"
	"path/filepath"
)

// Files that one part writes and another reads.
const (
	// Config is the container's OCI configuration, from containerd.
	Config = "config.json"
	// Rootfs is the folder where the shim mounts the container's root.
	Rootfs = "rootfs"

	// Bootstrap is how containerd reaches the shim after its own restart.
	Bootstrap = "bootstrap.json"
	// ShimBinary is the path of the shim's program, for its delete action.
	ShimBinary = "shim-binary-path"
	// Address is the shim's address for containerd 1.6, from the shim.
	Address = "address"
	// ShimLog is the fifo through which the shim logs to containerd.
	ShimLog = "log"

	// Options say which runtime made the container; the shim's delete action
	// knows nothing else of it.
	Options = "options.json"
	// InitPid is the pid of the container's first process, from the runtime.
	InitPid = "init.pid"
	// Exit is how that process ended, should the shim die before it is told.
	Exit = "exit.json"
	// RuntimeLog is where the runtime says why it failed.
	RuntimeLog = "log.json"
)

// ExecPid is the file with the pid of a process that was added to the
// container, from the runtime.
func ExecPid(execID string) string { return execID + ".pid" }

// Write replaces a file of a bundle.
func Write(dir, name string, data []byte) error {
	f, err := os.CreateTemp(dir, "."+name+"-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
