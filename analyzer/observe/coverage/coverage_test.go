package coverage

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/observe"
	"github.com/callroute/callroute/analyzer/observe/record"
)

// The system: kiln asks kilnd to fire, which heats and writes a log. Of kilnd the
// trace does not know the middleware, nor what its timer does; it tells a step,
// cool, that another answer is taken for.
//
// Functions: 0–2 of kiln, 3–10 of kilnd.
var names = []string{
	"kiln main", "kiln tree", "kiln fire",
	"kilnd serve", "kilnd middleware", "kilnd post", "kilnd heat", "kilnd cool", "kilnd tick", "kilnd lib", "kilnd back",
}

func program(i int) string { p, _, _ := strings.Cut(names[i], " "); return "example.org/" + p }

func told() *flow.Flow {
	f := &flow.Flow{
		Schema: flow.Schema, Program: "kiln", Command: []string{"fire"}, Root: 1, Spine: []int{1, 3, 6, 8},
		Components: []flow.Component{{Name: "kiln", Package: "example.org/kiln"}, {Name: "kilnd", Package: "example.org/kilnd"}},
		Edges: []flow.Edge{
			{From: 1, To: 3, Kind: flow.Registration},
			{From: 3, To: 6, Kind: flow.HTTP},
			{From: 6, To: 8, Kind: flow.Interface, Site: flow.Site{File: "5.go", Line: 3}},
			{From: 6, To: 7, Kind: flow.Interface, Site: flow.Site{File: "5.go", Line: 3}},
		},
	}
	for _, i := range []int{0, 2, 5, 6, 7} {
		f.Nodes = append(f.Nodes, flow.Node{ID: i + 1, Component: strings.TrimPrefix(program(i), "example.org/"), Func: names[i], File: fmt.Sprint(i, ".go"), Line: i})
	}
	return f
}

func ran() *observe.Run {
	r := &observe.Run{Schema: observe.Schema, Command: []string{"kiln", "fire"}, Begin: 100, End: 200}
	for i, n := range names {
		_, name, _ := strings.Cut(n, " ")
		r.Functions = append(r.Functions, observe.Function{Program: program(i), Name: name, File: fmt.Sprint(i, ".go"), Line: i, Own: name != "lib"})
	}
	call := func(fn, caller int, how record.How, when observe.Time, at int64) observe.Call {
		return observe.Call{Func: fn, Caller: caller, How: how, When: when, At: at, Goroutine: uint64(fn + 1), Line: 3}
	}
	tick := call(8, -1, record.Started, observe.During, 130)
	tick.Old = true
	r.Processes = []observe.Process{
		{Program: "example.org/kiln", Args: []string{"kiln", "fire"}, Start: 101, Calls: []observe.Call{
			call(0, -1, record.Started, observe.During, 102), call(1, 0, record.Direct, observe.During, 103), call(2, 0, record.Through, observe.During, 104),
		}},
		{Program: "example.org/kilnd", Args: []string{"kilnd"}, Start: 1, Calls: []observe.Call{
			call(7, 8, record.Direct, observe.Quiet, 90),
			call(4, -1, record.Started, observe.During, 110), call(5, 4, record.Through, observe.During, 111),
			call(6, 5, record.Direct, observe.During, 112), call(9, 6, record.Direct, observe.During, 113), call(10, 9, record.Direct, observe.During, 114),
			tick, call(7, 8, record.Direct, observe.During, 131),
		}, Effects: []observe.Effect{
			{Verb: "writes", What: "/log", Number: -1, Func: 6, Line: 4, When: observe.During, At: 115},
			{Verb: "signals", What: "with signal 9", Func: 4, When: observe.During, At: 116},
			{Verb: "writes", What: "/dev/null", Number: 9, Func: 6, When: observe.During, At: 117},
			{Verb: "writes", What: "/late", Number: -1, Func: -1, When: observe.After, At: 210},
		}},
	}
	return r
}

var known = Known{
	{Program: "kiln", Package: "example.org/kiln", Kind: flow.Registration, Func: "fire"},
	{Program: "kilnd", Package: "example.org/kilnd", Kind: flow.HTTP, Func: "post"},
}

func TestFlow(t *testing.T) {
	o := Flow(told(), ran(), known)
	figures := map[string]flow.Share{
		"functions": o.Functions, "calls": o.Calls, "arrivals": o.Arrivals, "steps": o.Steps, "crossings": o.Crossings,
	}
	// kiln's tree is set-up, kilnd's cool ran in quiet times, too.
	want := map[string]flow.Share{
		"functions": {All: 7, Are: 4}, "calls": {All: 1, Are: 1}, "arrivals": {All: 2, Are: 2},
		"steps": {All: 4, Are: 3}, "crossings": {All: 1, Are: 1},
	}
	if !reflect.DeepEqual(figures, want) {
		t.Errorf("figures %v, want %v", figures, want)
	}
	if want := []flow.NotRun{{Node: 8, Class: otherAnswer}}; !reflect.DeepEqual(o.NotRun, want) {
		t.Errorf("not run %v, want %v", o.NotRun, want)
	}
	var missed []string
	for _, m := range o.Missed {
		missed = append(missed, m.Func+": "+m.Class+": "+m.At)
	}
	wantMissed := []string{
		"back: " + byCallback + ": lib of heat, line 3",
		"middleware: " + byServer + ": middleware",
		"tick: " + byWaiter + ": tick",
	}
	if !reflect.DeepEqual(missed, wantMissed) {
		t.Errorf("missed %q, want %q", missed, wantMissed)
	}
	var effects []string
	for _, e := range o.Effects {
		effects = append(effects, e.Verb+" "+e.What)
	}
	if want := []string{"writes /log", "signals with signal 9", "writes /late"}; !reflect.DeepEqual(effects, want) {
		t.Errorf("effects %q, want %q", effects, want)
	}
	if o.Last == nil || o.Last.What != "/log" || !o.Last.Told || o.Last.Spine || o.Last.Node != 7 {
		t.Errorf("last effect %+v", o.Last)
	}
	var nodes []string
	for _, n := range o.Nodes {
		nodes = append(nodes, fmt.Sprintf("%d by %d %d-%d", n.Node, n.By, n.Begin, n.End))
	}
	if want := []string{"1 by 0 2-4", "3 by 1 4-4", "6 by 0 11-12", "7 by 6 12-12"}; !reflect.DeepEqual(nodes, want) {
		t.Errorf("nodes %q, want %q", nodes, want)
	}
}

// Of what is told to come always, only that of phases that were entered counts.
func TestPhases(t *testing.T) {
	f := told()
	f.Phases = []flow.Phase{
		{Entry: 3, Moments: []flow.Moment{
			{Way: []int{3}, When: flow.Always, To: 6},
			{Way: []int{3}, When: flow.Always, To: 8},
			{Way: []int{3, 8}, When: flow.Always},
			{Way: []int{3, 8}, When: flow.If},
			{Way: []int{3, 8}, When: flow.Always, Repeated: true},
		}},
		{Entry: 8, Moments: []flow.Moment{{Way: []int{8}, When: flow.Always}}},
	}
	if o := Flow(f, ran(), known); o.Moments != (flow.Share{All: 3, Are: 1}) {
		t.Errorf("moments %v", o.Moments)
	}
}

// A crossing that is told before another, and ran after it, is out of order.
func TestOrder(t *testing.T) {
	f := told()
	f.Spine = []int{1, 6, 3}
	f.Edges = append(f.Edges, flow.Edge{From: 1, To: 6, Kind: flow.HTTP}, flow.Edge{From: 6, To: 3, Kind: flow.Exec})
	if o := Flow(f, ran(), known); o.Crossings != (flow.Share{All: 2, Are: 1}) {
		t.Errorf("crossings %v", o.Crossings)
	}
}

// Nothing that ran is told as not run, whatever a trace of another system says.
func TestOtherSystem(t *testing.T) {
	f := told()
	for i := range f.Nodes {
		f.Nodes[i].File = "elsewhere.go"
	}
	o := Flow(f, ran(), known)
	if o.Functions.Are != 0 || o.Steps.Are != 0 || len(o.Nodes) != 0 {
		t.Errorf("functions %v, steps %v, nodes %v", o.Functions, o.Steps, o.Nodes)
	}
}

// Two requests pass one interceptor, each in a goroutine of its own: who called it is
// told by the goroutine, not by who was first.
func TestEntry(t *testing.T) {
	call := func(caller int, at int64, goroutine uint64) called {
		return called{Call: &observe.Call{Func: 1, Caller: caller, At: at, Goroutine: goroutine}}
	}
	c := &cover{calls: []map[int][]called{{1: {call(10, 100, 5), call(11, 200, 6), call(12, 300, 5)}}}}
	for _, test := range []struct {
		name string
		m    moment
		want int // the caller
	}{
		{"first request", moment{5, 110}, 10},
		{"second request", moment{6, 210}, 11},
		{"first goroutine while the second runs", moment{5, 210}, 10},
		{"first goroutine again", moment{5, 310}, 12},
		{"a goroutine started by the second", moment{7, 250}, 11},
		{"before all", moment{6, 50}, 10},
	} {
		if k, ok := c.entry(0, 1, test.m); !ok || k.Caller != test.want {
			t.Errorf("%s: called by %d, want %d", test.name, k.Caller, test.want)
		}
	}
	if _, ok := c.entry(0, 2, moment{5, 100}); ok {
		t.Error("a function that was not entered has an entry")
	}
}
