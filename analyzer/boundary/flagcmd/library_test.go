package flagcmd_test

import (
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/boundary/flagcmd"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

// TestLibraryFirst leaves a program alone whose commands a library finder has
// found, but for what runs before main.
func TestLibraryFirst(t *testing.T) {
	u := unit.Load(t, goMod+`
-- harbor/main.go --
package main

import "os"

func init() {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		serve()
	}
	if len(os.Args) > 1 && os.Args[1] == "tow" {
		setup()
	}
}

func main() {
	if os.Args[1] == "load" {
		load()
	}
}
`+work, "harbor")
	out := boundary.Findings{Commands: []boundary.Command{{Words: []string{"tow"}}}}
	flagcmd.Finder.Find(t.Context(), u, &out)
	unit.Compare(t, "commands", unit.Commands(u, out.Commands[1:]), `child main.init => main.init`)
}
