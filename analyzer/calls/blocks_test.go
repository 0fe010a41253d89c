package calls_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

const weather = `
-- go.mod --
module example.com/weather

go 1.26
-- main.go --
package main

import "errors"

var errRain = errors.New("rain")

func look() error { return nil }
func stay() {}
func calm() {}
func walk() {}
func swim() {}
func sing() {}
func warm() bool { return true }
func home() {}

func outing(days []int, lazy bool) error {
	if err := look(); err != nil {
		stay()
		return err
	}
	err := look()
	if errors.Is(err, errRain) {
		calm()
	}
	for range days {
		walk()
		if warm() {
			swim()
		}
	}
	if len(days) > 7 {
		return errors.New("too long")
	}
	if len(days) == 7 {
		return errRain
	}
	home()
	if lazy {
		return nil
	}
	sing()
	return nil
}

func named(days []int) (err error) {
	defer func() { err = nil }()
	if len(days) > 7 {
		return errors.New("too long")
	}
	sing()
	return nil
}

func always() {
	if warm() {
		walk()
	} else {
		swim()
	}
	home()
}

func main() { _ = outing(nil, true); always(); _ = named(nil) }
`

// TestBlocks asks which calls of a function stand where an error was found, and
// which may be left out.
func TestBlocks(t *testing.T) {
	u := unit.Load(t, weather, "weather")
	called := func(in map[*ssa.BasicBlock]bool) string {
		var names []string
		for b := range in {
			for _, instr := range b.Instrs {
				if c, ok := instr.(ssa.CallInstruction); ok && c.Common().StaticCallee() != nil {
					names = append(names, c.Common().StaticCallee().Name())
				}
			}
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	for name, want := range map[string]struct{ failing, optional string }{
		"outing": {failing: "calm stay", optional: "sing swim"},
		"named":  {},
		"always": {optional: "swim walk"},
	} {
		f := u.Program.Main.Func(name)
		if got := called(calls.Failing(f)); got != want.failing {
			t.Errorf("%s: calls after an error %q, want %q", name, got, want.failing)
		}
		if got := called(calls.Optional(f, nil)); got != want.optional {
			t.Errorf("%s: calls that may be left out %q, want %q", name, got, want.optional)
		}
	}
}
