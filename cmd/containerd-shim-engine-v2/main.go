// Command containerd-shim-engine-v2 keeps one container for containerd.
//
// containerd executes it three ways, always in the container's bundle:
//
//	start    leaves a serving process behind, prints its address, exits
//	(none)   serves the task API over ttrpc until it is told to shut down
//	delete   cleans up after a serving process that died, prints the exit
//
// Any containerd from 1.6 on can; the engine's own does. The flags are those
// of containerd's runtime v2, with one dash each, as its shims have them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
)

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", filepath.Base(os.Args[0]), err)
		os.Exit(1)
	}
}

// invocation is what containerd asks for on the command line.
type invocation struct {
	namespace string
	id        string
	address   string // containerd's gRPC address
	bundle    string
	socket    string
	debug     bool
	version   bool
	info      bool
	action    string
}

func run(args []string, stdin *os.File, stdout io.Writer) error {
	inv, flags := flagSet()
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return help(flags, stdout)
	}
	if err != nil {
		return err
	}
	inv.action = flags.Arg(0)
	switch {
	case inv.version:
		return printVersion(stdout)
	case inv.info:
		return printInfo(stdin, stdout)
	}
	if err := inv.check(); err != nil {
		return err
	}
	switch inv.action {
	case "start":
		return start(*inv, stdin, stdout)
	case "delete":
		return cleanUp(*inv, stdout)
	case "":
		return serve(*inv)
	}
	return fmt.Errorf("unknown action %q: it is start, delete or none", inv.action)
}

// flagSet is the flags and where their values go. It prints nothing: what a
// shim prints, containerd takes for an answer.
func flagSet() (*invocation, *flag.FlagSet) {
	inv := &invocation{}
	flags := flag.NewFlagSet("containerd-shim-engine-v2", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&inv.namespace, "namespace", "", "namespace of the container")
	flags.StringVar(&inv.id, "id", "", "ID of the container")
	flags.StringVar(&inv.address, "address", "", "containerd's gRPC address")
	flags.String("publish-binary", "", "accepted and not used: events go to TTRPC_ADDRESS")
	flags.StringVar(&inv.bundle, "bundle", "", "the container's bundle, if it is not the working directory")
	flags.StringVar(&inv.socket, "socket", "", "socket to serve on, if none is inherited")
	flags.BoolVar(&inv.debug, "debug", false, "log more")
	flags.BoolVar(&inv.version, "v", false, "print the version and exit")
	flags.BoolVar(&inv.info, "info", false, "read runtime options from stdin, print what the runtime can do, exit")
	return inv, flags
}

func help(flags *flag.FlagSet, stdout io.Writer) error {
	_, err := fmt.Fprintf(stdout, "Usage: %s [flags] start|delete\n\ncontainerd starts this program.\n\n", flags.Name())
	flags.SetOutput(stdout)
	flags.PrintDefaults()
	return err
}

// check refuses what would make the shim work in the wrong place: the
// namespace and the ID become parts of paths.
func (inv *invocation) check() error {
	for name, value := range map[string]string{"namespace": inv.namespace, "id": inv.id} {
		if value == "" {
			return fmt.Errorf("-%s is missing", name)
		}
		if value != filepath.Base(value) || value == "." || value == ".." {
			return fmt.Errorf("-%s %q is not a name", name, value)
		}
	}
	if inv.bundle == "" {
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		inv.bundle = dir
	}
	if !filepath.IsAbs(inv.bundle) {
		return fmt.Errorf("-bundle %q is not an absolute path", inv.bundle)
	}
	return nil
}

func printVersion(stdout io.Writer) error {
	version, revision, goVersion := build()
	_, err := fmt.Fprintf(stdout, "%s:\n  Version:  %s\n  Revision: %s\n  Go version: %s\n\n",
		filepath.Base(os.Args[0]), version, revision, goVersion)
	return err
}

// build is what the linker knows of this program.
func build() (version, revision, goVersion string) {
	version, revision = "unknown", "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, revision, goVersion
	}
	version = info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return version, revision, info.GoVersion
}
