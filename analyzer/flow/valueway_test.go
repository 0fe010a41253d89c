package flow_test

import (
	"slices"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

// lamp is a value that crosses from a client to a daemon, which keeps it in two files.
func lamp() *flow.Value {
	hop := func(id, after int, component, place, wire string, kind flow.Kind) flow.ValueHop {
		return flow.ValueHop{ID: id, After: after, Component: component, Func: component + ".main", Site: flow.Site{File: component + ".go", Line: id + 1}, Place: place, Wire: wire, Kind: kind}
	}
	return &flow.Value{
		Program: "lampc", Command: []string{"set"}, Flag: "level",
		Hops: []flow.ValueHop{
			hop(0, -1, "lampc", "wire.Request.Level", "", flow.Call),
			hop(1, 0, "lampc", "", "brightness", flow.HTTP),
			hop(2, 1, "lampd", "main.lamp.state", "brightness", flow.Call),
			hop(3, 2, "lampd", "", "", flow.Call),
			hop(4, 2, "lampd", "", "", flow.Call),
		},
		Ends: []flow.ValueEnd{{Hop: 3, Call: "os.WriteFile", What: "level.txt"}, {Hop: 4, Call: "os.WriteFile"}},
	}
}

func TestStretches(t *testing.T) {
	v := lamp()
	s := v.Stretches(v.Furthest())
	if len(s) != 2 || s[0].Component != "lampc" || s[1].Component != "lampd" {
		t.Fatalf("stretches: %+v", s)
	}
	if s[0].Leaves == nil || s[0].Leaves.Kind != flow.HTTP || s[1].Leaves != nil {
		t.Errorf("how it leaves: %+v, %+v", s[0].Leaves, s[1].Leaves)
	}
	h := s[0].Holders
	if len(h) != 1 || h[0].Type != "wire.Request" || h[0].Field != "Level" || !slices.Equal(h[0].Wire(), []string{"brightness"}) {
		t.Errorf("holders: %+v", h)
	}
	if forks := v.Forks(); len(forks) != 1 || forks[0].From != 2 || forks[0].End.Hop != 4 {
		t.Errorf("forks: %+v", forks)
	}
}

func TestValueTitle(t *testing.T) {
	v := lamp()
	if v.Title() != "lampc set --level" {
		t.Error(v.Title())
	}
	v.Flag, v.Arg = "", 2
	if v.Title() != "lampc set argument 2" {
		t.Error(v.Title())
	}
}

func TestFurthestOfNothing(t *testing.T) {
	if got := (&flow.Value{}).Furthest(); got != -1 {
		t.Error(got)
	}
}
