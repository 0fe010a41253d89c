package flagcmd_test

import (
	"strings"
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

// TestGuard finds the word for which main never gets to the library, whether it
// returns or calls what never does, and not the one that only prepares.
func TestGuard(t *testing.T) {
	u := unit.Load(t, goMod+`
-- harbor/main.go --
package main

import "os"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "crew" {
		forever()
	}
	if len(os.Args) > 1 && os.Args[1] == "probe" {
		serve()
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "loud" {
		setup()
	}
	load() // the library
}

func forever() {
	serve()
	os.Exit(1)
}
`+work, "harbor")
	out := boundary.Findings{Commands: []boundary.Command{{Words: []string{"tow"}}}}
	flagcmd.Finder.Find(t.Context(), u, &out)
	unit.Compare(t, "commands", unit.Commands(u, out.Commands[1:]), `
crew main.main => main.main
probe main.main => main.main`)
	for _, b := range out.Branches {
		var live []string
		for _, c := range b.Live {
			if f := c.Common().StaticCallee(); f != nil {
				live = append(live, f.Name())
			}
		}
		want := map[string]string{"crew": "forever", "probe": "serve", "loud": "setup load", "": "load"}[b.Word]
		if got := strings.Join(live, " "); b.In == u.Main() && got != want {
			t.Errorf("for %q run %q, want %q", b.Word, got, want)
		}
	}
}
