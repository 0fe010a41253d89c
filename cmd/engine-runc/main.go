// Engine-runc runs containers as the Open Container Initiative specifies them,
// with runc's command line.
//
//	engine-runc run -b BUNDLE ID
//
// Seccomp profiles need a build with -tags seccomp, and libseccomp.
package main

import (
	"context"
	"os"

	_ "github.com/opencontainers/cgroups/devices" // without it device rules do nothing, and no error says so
	"github.com/opencontainers/runc/libcontainer"
	_ "github.com/opencontainers/runc/libcontainer/nsenter" // C code that enters the container's namespaces before Go starts its threads

	"github.com/callroute/callroute/engine/runc/command"
	"github.com/callroute/callroute/engine/runc/container"
)

func main() {
	// The runtime starts itself as "init" to become a container's process.
	// That one reads its orders from a pipe, not from a command line.
	if len(os.Args) > 1 && os.Args[1] == "init" {
		libcontainer.Init() // never returns
	}
	os.Exit(command.Run(context.Background(), os.Args[1:], container.Stdio{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
	}))
}
