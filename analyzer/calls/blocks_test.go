package calls_test

import (
	"slices"
	"strconv"
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
func rest() {}
func seek(int) error { return nil }
func pack(int) {}

type refusal struct{ of error }

func (refusal) Error() string { return "" }

func refused(what string, days []int) error { return because(what) }
func because(what string) error { return refusal{errors.New(what)} }

type house struct{ roof, door *int }

func keep(h *house) {
	if h.roof == nil {
		walk()
		h.roof = new(int)
	}
	swim()
}

func fill(h *house) {
	if h.roof == nil {
		walk()
		h.door = new(int)
	}
	if h.door != nil {
		h.door = new(int)
		sing()
	}
}

func special(name string, on bool) {
	if name != "" {
		walk()
	} else {
		swim()
	}
	if !on {
		home()
		return
	}
	sing()
}

func cases(n int) {
	switch {
	case n == 1:
		walk()
	case n == 2:
		swim()
	default:
		sing()
	}
}

func classed(err error) error {
	if err == nil {
		return err
	}
	return refusal{err}
}

func outing(days []int, lazy bool) error {
	if err := look(); err != nil {
		stay()
		return err
	}
	for _, d := range days {
		pack(d)
	}
	err := look()
	if errors.Is(err, errRain) {
		calm()
	}
	for range len(days) {
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
	if len(days) == 6 {
		return refused("too short", nil)
	}
	if len(days) == 5 {
		return classed(errRain)
	}
	home()
	if len(days) == 4 {
		return classed(look())
	}
	rest()
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

func tries(days []int) error {
	for _, d := range days {
		err := seek(d)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errRain) {
			return err
		}
		stay()
	}
	return errRain
}

func always() {
	if warm() {
		walk()
	} else {
		swim()
	}
	home()
}

func main() { _ = tries(nil); cases(0); special("", true); _ = outing(nil, true); always(); _ = named(nil) }
`

// TestBlocks asks which calls of a function stand where an error was found, how
// many conditions the others stand under, and which are repeated.
func TestBlocks(t *testing.T) {
	u := unit.Load(t, weather, "weather")
	for name, want := range map[string]struct{ failing, open, repeated, tried string }{
		"outing": {
			failing: "refused stay", open: "calm1 classed1 look1 rest1 sing2 swim1", repeated: "pack swim walk warm",
		},
		"named":  {},
		"tries":  {open: "stay1", tried: "seek stay"},
		"always": {open: "swim1 walk1"},
		"cases":  {open: "sing1 swim1 walk1"},
	} {
		f := u.Program.Main.Func(name)
		terms := calls.CourseOf(f, u.Models, nil).Terms
		var after, under, again, tried []string
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				c, ok := instr.(ssa.CallInstruction)
				if !ok || c.Common().StaticCallee() == nil || c.Common().StaticCallee().Pkg != u.Program.Main {
					continue
				}
				callee := c.Common().StaticCallee().Name()
				if terms[b].Failure && callee != "classed" && callee != "look" {
					after = append(after, callee)
				}
				if n := terms[b].Open; n > 0 {
					under = append(under, callee+strconv.Itoa(n))
				}
				if terms[b].Tried {
					tried = append(tried, callee)
				}
				if terms[b].Repeated {
					again = append(again, callee)
				}
			}
		}
		for _, got := range []struct {
			what  string
			calls []string
			want  string
		}{{"after an error", after, want.failing}, {"under conditions", under, want.open}, {"in loops", again, want.repeated}, {"tried", tried, want.tried}} {
			slices.Sort(got.calls)
			if list := strings.Join(got.calls, " "); list != got.want {
				t.Errorf("%s: calls %s: %q, want %q", name, got.what, list, got.want)
			}
		}
	}
}

// TestOnce asks which calls make what is kept.
func TestOnce(t *testing.T) {
	u := unit.Load(t, weather, "weather")
	var got []string
	for _, name := range []string{"keep", "fill"} {
		f := u.Program.Main.Func(name)
		terms := calls.CourseOf(f, u.Models, nil).Terms
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				if c, ok := instr.(ssa.CallInstruction); ok && terms[b].Once {
					got = append(got, name+" "+c.Common().StaticCallee().Name())
				}
			}
		}
	}
	if want := []string{"keep walk"}; !slices.Equal(got, want) {
		t.Errorf("calls that make what is kept: %v, want %v", got, want)
	}
}

// TestSpecial asks which calls need something to be there.
func TestSpecial(t *testing.T) {
	u := unit.Load(t, weather, "weather")
	f := u.Program.Main.Func("special")
	terms := calls.CourseOf(f, u.Models, nil).Terms
	var got []string
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok && terms[b].Special > 0 {
				got = append(got, c.Common().StaticCallee().Name())
			}
		}
	}
	slices.Sort(got)
	if want := []string{"sing", "walk"}; !slices.Equal(got, want) {
		t.Errorf("calls that need something to be there: %v, want %v", got, want)
	}
}
