// Command toolbox is what the engine's own image holds: a few programs to try an
// engine with, in one static executable. There is no shell.
//
// Called by the name of one of its programs, which in the image are links to it,
// it is that program; called as toolbox, it is the one that its first argument
// names. toolbox image writes the image.
package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// streams are what a program reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// program is one of the box. An error that it returns is one line for people,
// and the status 1.
type program func(args []string, s streams) error

// programs are those of the image, by their names.
func programs() map[string]program {
	return map[string]program{
		"cat": cat, "counter": counter, "echo": echo, "env": env, "sleep": sleep, "stress": stress,
		"true": succeed, "false": fail,
	}
}

func main() {
	// As the first process of a container it has no default for signals: those
	// it does not handle do nothing.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	go func() {
		if s, ok := (<-signals).(syscall.Signal); ok {
			os.Exit(128 + int(s))
		}
	}()
	os.Exit(run(os.Args, streams{os.Stdin, os.Stdout, os.Stderr}))
}

// run runs the program that the arguments name, and returns its status.
func run(args []string, s streams) int {
	if len(args) == 0 {
		args = []string{"toolbox"}
	}
	name, rest := filepath.Base(args[0]), args[1:]
	all := programs()
	run, ok := all[name]
	if !ok {
		if len(rest) == 0 || slices.Contains([]string{"-h", "-help", "--help"}, rest[0]) {
			fmt.Fprintf(s.out, "toolbox PROGRAM [ARGUMENT...]\n\nprograms: %s\ntoolbox image -o FILE writes an image with them, for docker load.\n",
				strings.Join(slices.Sorted(maps.Keys(all)), " "))
			return 0
		}
		name, rest = rest[0], rest[1:]
		all["image"] = image
		if run, ok = all[name]; !ok {
			fmt.Fprintf(s.err, "toolbox: no program called %q\n", name)
			return 127
		}
	}
	switch err := run(rest, s); {
	case err == nil:
		return 0
	case errors.Is(err, errSaid):
		return 1
	default:
		fmt.Fprintf(s.err, "%s: %v\n", name, err)
		return 1
	}
}
