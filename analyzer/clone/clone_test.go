package clone_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/clone"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

const mill = `
-- go.mod --
module example.com/mill

go 1.26
-- main.go --
package main

import "os"

type wheel interface {
	turn()
}

type water struct{}

func (*water) turn() {}

type wind struct{}

func (*wind) turn() {}

// A decorator three deep, and a helper that calls what it was handed.
func logged(f func()) func()  { return func() { note(); f() } }
func timed(f func()) func()   { return func() { f() } }
func each(f func(int))        { f(1) }
func note()                   {}

func grind() {}
func sift()  {}

func flour() { timed(logged(timed(grind)))() }
func bran()  { timed(logged(timed(sift)))() }

func rye()   { each(func(int) { grind() }) }
func wheat() { each(func(int) { sift() }) }

// Two objects of one type, made by one constructor.
type machine struct {
	drive wheel
	done  func()
}

func build(w wheel, done func()) *machine { return &machine{drive: w, done: done} }

func (m *machine) run() { m.drive.turn(); m.done() }

func river() { build(&water{}, grind).run() }
func hill()  { build(&wind{}, sift).run() }

// A field that another function changes decides nothing.
type gate struct{ open func() }

func (g *gate) set(f func()) { g.open = f }
func (g *gate) lift()        { g.open() }

func dam(f func()) { g := &gate{open: grind}; g.set(f); g.lift() }

// Conditions: by an argument, by a field of an option struct, by a type.
type options struct{ fine bool }

func sack(o options, name string, v any) {
	if o.fine {
		sift()
	} else {
		grind()
	}
	switch name {
	case "rye":
		rye()
	case "wheat":
		wheat()
	}
	if _, ok := v.(*water); ok {
		river()
	}
}

// Decorators of one interface whose values have no content.
type wood struct{}

func (wood) turn() {}

type stone struct{}

func (stone) turn() {}

type twice struct{ drive wheel }

func (t twice) turn() { t.drive.turn() }

func oak()    { spin(twice{twice{wood{}}}) }
func granite() { spin(twice{stone{}}) }

func spin(w wheel) { w.turn() }

func order()   { sack(options{fine: true}, "rye", &wind{}) }
func unknown() { sack(options{fine: len(os.Args) > 1}, os.Args[0], nil) }

func main() { flour(); bran(); rye(); wheat(); river(); hill(); dam(sift); order(); unknown(); oak(); granite() }
`

// reached is the functions that a function reaches, its own clone first.
func reached(u *boundary.Unit, b *clone.Builder, name string) []string {
	var out []string
	seen := map[*clone.Clone]bool{}
	work := []*clone.Clone{b.Base(u.Program.Main.Func(name))}
	for len(work) > 0 {
		c := work[0]
		work = work[1:]
		if seen[c] {
			continue
		}
		seen[c] = true
		if n := strings.TrimPrefix(unit.Name(u, c.Fn), "main."); n != name && !slices.Contains(out, n) {
			out = append(out, n)
		}
		for _, s := range c.Sites {
			work = append(work, s.To...)
		}
	}
	slices.Sort(out)
	return out
}

func TestReached(t *testing.T) {
	u := unit.Load(t, mill, "mill")
	b := clone.New(u.Eval, u.Index, u.Graph, map[ssa.CallInstruction]bool{}, clone.Requests{})
	for _, f := range u.Program.Funcs {
		if f.Blocks != nil && u.Program.User(f) && f.Synthetic == "" {
			b.Reach(b.Base(f))
		}
	}
	if err := b.Explore(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"flour":   "grind logged logged.func1 note timed timed.func1",
		"bran":    "logged logged.func1 note sift timed timed.func1",
		"rye":     "each grind rye.func1",
		"wheat":   "each sift wheat.func1",
		"river":   "(*machine).run (*water).turn build grind",
		"hill":    "(*machine).run (*wind).turn build sift",
		"oak":     "spin twice.turn wood.turn",
		"granite": "spin stone.turn twice.turn",
		"dam":     "(*gate).lift (*gate).set grind sift",
		"order":   "each grind rye rye.func1 sift",
		"unknown": "each grind rye rye.func1 sack sift wheat wheat.func1",
	} {
		got := slices.DeleteFunc(reached(u, b, name), func(n string) bool { return n == "sack" && name == "order" })
		if strings.Join(got, " ") != want {
			t.Errorf("%s reaches %q, want %q", name, strings.Join(got, " "), want)
		}
	}
}
