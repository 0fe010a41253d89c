package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

// TestTales holds what is told of phases: what surely runs, what a condition of the
// command itself may lead to, and nothing that others or an error decide, but where the
// spine passes it.
func TestTales(t *testing.T) {
	phase := func(i int) *int { return &i }
	f := &flow.Flow{
		Schema:     flow.Schema,
		Components: []flow.Component{{Name: "client"}, {Name: "daemon"}, {Name: "shim"}},
		Nodes: []flow.Node{
			{ID: 1, Component: "client", Func: "c.main"},
			{ID: 2, Component: "daemon", Func: "d.create"},
			{ID: 3, Component: "daemon", Func: "d.start"},
			{ID: 4, Component: "shim", Func: "s.start"},
		},
		Edges: []flow.Edge{{From: 1, To: 3, Kind: flow.HTTP, Under: []string{"for", "if attach"}}},
		Root:  1, Spine: []int{1, 3, 4},
		Phases: []flow.Phase{
			{Component: "client", Entry: 1, Moments: []flow.Moment{
				{Way: []int{1}, When: flow.Always, Kind: flow.HTTP, Detail: "create", To: 2, Phase: phase(1)},
				{Way: []int{1}, When: flow.If, Special: true, Main: true, Kind: flow.HTTP, Detail: "start", To: 3, Phase: phase(2)},
				{Way: []int{1}, When: flow.Aside, Kind: flow.HTTP, Detail: "resize", To: 2, Phase: phase(1)},
				{Way: []int{1}, When: flow.Failed, Kind: flow.HTTP, Detail: "remove", To: 2},
				{Way: []int{1}, When: flow.Always, Kind: flow.HTTP, Detail: "create again", To: 2, Phase: phase(1)},
			}},
			{Component: "daemon", Entry: 2, Moments: []flow.Moment{
				{Way: []int{2}, When: flow.Always, Effect: "first"},
				{Way: []int{2}, When: flow.Always, Effect: "a"},
				{Way: []int{2}, When: flow.Always, Effect: "b"},
				{Way: []int{2}, When: flow.Always, Effect: "b"},
				{Way: []int{2}, When: flow.Always, Effect: "c"},
			}},
			{Component: "daemon", Entry: 3, Moments: []flow.Moment{
				{Way: []int{3}, When: flow.If, Special: true, Kind: flow.TTRPC, Detail: "restore", To: 4, Phase: phase(3)},
				{Way: []int{3}, When: flow.If, Kind: flow.TTRPC, Detail: "start", To: 4, Phase: phase(3)},
				{Way: []int{3}, When: flow.Or, Kind: flow.TTRPC, Detail: "start of old", To: 4, Phase: phase(3)},
			}},
			{Component: "shim", Entry: 4, Moments: []flow.Moment{}},
		},
	}
	r, err := flow.NewRoute(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var list func([]flow.Tale, string)
	list = func(tales []flow.Tale, in string) {
		for _, t := range tales {
			line := fmt.Sprintf("%s%s > %s %s%s", in, t.Program, t.Enters, t.Detail, t.Effect)
			if t.Again {
				line += " again"
			}
			if c := r.Condition(t.Moment); c != "" {
				line += " under " + c
			}
			got = append(got, line)
			list(t.Inner, in+"  ")
		}
	}
	list(r.Tales(), "")
	want := `client > daemon create
  daemon >  a
  daemon >  b
  daemon >  c
client > daemon start under if attach
  daemon > shim start
client > daemon create again again`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("told\n%s\nwant\n%s", text, want)
	}
}
