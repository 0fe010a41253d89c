package calls_test

import (
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

const bakery = `
-- go.mod --
module example.com/bakery

go 1.26
-- main.go --
package main

import (
	"sort"
	"sync"
)

type oven interface{ bake() }

type stone struct{}

func (stone) bake() {}

type steel struct{ stone }

func each(n int, f func(int)) {
	for i := range n {
		f(i)
	}
}

func rye()   { each(1, func(int) { knead() }) }
func wheat() { each(2, func(int) { proof() }) }

func knead() {}
func proof() {}

var once sync.Once

func light() {}

type option func(*shop)

type shop struct{ name string }

func named(n string) option { return func(s *shop) { s.name = n } }

func open(opts ...option) *shop {
	s := &shop{}
	for _, o := range opts {
		o(s)
	}
	return s
}

func main() {
	rye()
	wheat()
	var o oven = steel{}
	o.bake()
	once.Do(light)
	sort.Slice(nil, func(i, j int) bool { return less(i, j) })
	go knead()
	defer proof()
	open(named("x"))
	f := stone{}.bake
	f()
}

func less(i, j int) bool { return i < j }
`

// edges is "caller -> callee (kind, rule)" for the functions of the program.
func edges(u *boundary.Unit) []string {
	short := func(s string) string { return strings.TrimPrefix(s, "example.com/bakery.") }
	var out []string
	for _, f := range u.Program.Funcs {
		if !u.Program.User(f) {
			continue
		}
		for _, s := range u.Graph.Out(f) {
			for _, c := range s.Callees {
				if u.Program.User(c) {
					out = append(out, short(u.Program.Name(f))+" -> "+short(u.Program.Name(c))+" ("+string(s.Kind)+", "+s.Rule+")")
				}
			}
		}
	}
	return out
}

func TestEdges(t *testing.T) {
	got := edges(unit.Load(t, bakery, "bakery"))
	for _, want := range []string{
		"main -> rye (call, static)",
		"rye -> each (call, static)",
		"each -> rye.func1 (closure, vta)", // by whoever calls it: nothing is taken away
		"each -> wheat.func1 (closure, vta)",
		"main -> stone.bake (interface, vta)", // through the promoted method's wrapper
		"main -> light (closure, passed)",     // run by a library without a body
		"main -> main.func1 (closure, passed)",
		"main -> knead (go, static)",
		"main -> proof (defer, static)",
		"open -> named.func1 (closure, vta)", // an option runs where options run
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no edge %s", want)
		}
	}
	for _, never := range []string{"wheat -> rye.func1", "rye -> rye.func1", "main -> named.func1"} { // each only calls what it is handed
		if slices.ContainsFunc(got, func(e string) bool { return strings.HasPrefix(e, never+" ") }) {
			t.Errorf("there is an edge %s", never)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(got, "\n"))
	}
}

// A program on which the type analysis panics has a graph all the same: an
// interface stands for what has its methods.
func TestWithoutTypeFlow(t *testing.T) {
	u := unit.Load(t, bakery, "bakery")
	for _, f := range u.Program.Funcs {
		if f.Name() == "rye" { // its calls have no results
			n := types.NewVar(token.NoPos, nil, "", types.Typ[types.Int])
			f.Signature = types.NewSignatureType(nil, nil, nil, nil, types.NewTuple(n, n), false)
		}
	}
	g, err := calls.Build(t.Context(), u.Program)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(g.Note, "in bakery") {
		t.Errorf("the note is %q", g.Note)
	}
	u.Graph = g
	got := edges(u)
	for _, want := range []string{"main -> rye (call, static)", "main -> stone.bake (interface, vta)", "rye -> rye.func1 (closure, passed)"} {
		if !slices.Contains(got, want) {
			t.Errorf("no edge %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
}
