// Package reexec is a stand-in for tests: real names and signatures.
package reexec

import (
	"os"
	"os/exec"
)

var registeredInitializers = make(map[string]func())

func Register(name string, initializer func()) { registeredInitializers[name] = initializer }

func Init() bool {
	if initializer, ok := registeredInitializers[os.Args[0]]; ok {
		initializer()
		return true
	}
	return false
}

func Command(args ...string) *exec.Cmd {
	return &exec.Cmd{Path: Self(), Args: args}
}

func Self() string { return "/proc/self/exe" }
