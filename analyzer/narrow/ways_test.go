package narrow

import (
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

// TestViewOfShapes checks whole edge lists, and spines, of small flows.
func TestViewOfShapes(t *testing.T) {
	for _, test := range []struct {
		name, flow string
		view       View
		edges      string
		spine      string
	}{
		{
			"nothing leaves the end of the route", "p.main -> p.f; p.f -> p.g; p.g -> p.f; p.main -> p.g; spine p.main p.f",
			View{To: re("p.[fg]$")},
			"p.main -> p.f, p.main -> p.g", "p.main p.f",
		},
		{
			"focus leaves out the way around", "p.main -> p.f; p.f -> p.m; p.m -> p.g; p.f -> p.g; spine p.main p.f p.g",
			View{Focus: re("p.m$")},
			"p.main -> p.f, p.f -> p.m, p.m -> p.g", "p.main p.f p.m p.g",
		},
		{
			"focus does not go back on the spine", "p.main -> p.f; p.f -> p.g; p.main -> p.m; p.m -> p.main; spine p.main p.f p.g",
			View{Focus: re("p.m$")},
			"p.main -> p.f, p.f -> p.g, p.main -> p.m, p.m -> p.main", "p.main p.m",
		},
		{
			"ignore goes back to where another way starts", "p.main -> p.f; p.f -> p.g; p.g -> p.h; p.f -> p.main; p.main -> p.x; p.x -> p.h; spine p.main p.f p.g p.h",
			View{Ignore: re("p.g$")},
			"p.main -> p.f, p.f -> p.main, p.main -> p.x, p.x -> p.h", "p.main p.x p.h",
		},
		{
			"one joined edge, and none beside a direct one",
			"p.main -> p.x; p.x -> p.f; p.x -> p.g; p.main -> p.y; p.y -> p.f; p.main -> p.g; spine p.main p.g",
			View{Hide: re("p.[xy]$")},
			"p.main -> p.f +hidden, p.main -> p.g", "p.main p.g",
		},
		{
			"no joined edge to itself", "p.main -> p.f; p.f -> p.x; p.x -> p.f; p.x -> p.x; spine p.main p.f",
			View{Hide: re("p.x$")},
			"p.main -> p.f", "p.main p.f",
		},
		{
			"hidden nodes in a circle", "p.main -> p.x; p.x -> p.y; p.y -> p.x; p.y -> p.f; spine p.main p.x p.y p.f",
			View{Hide: re("p.[xy]$")},
			"p.main -> p.f +hidden", "p.main p.f",
		},
		{
			"edges keep their order", "p.main -> p.f; p.main -> p.x; p.main -> p.g; p.x -> p.h; spine p.main",
			View{Hide: re("p.x$")},
			"p.main -> p.f, p.main -> p.h +hidden, p.main -> p.g", "p.main",
		},
	} {
		got, err := test.view.Apply(sketch(test.flow))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if edges := strings.Join(written(got), ", "); edges != test.edges {
			t.Errorf("%s: edges\n%s\nwant\n%s", test.name, edges, test.edges)
		}
		if spine := strings.Join(names(got, got.Spine), " "); spine != test.spine {
			t.Errorf("%s: spine %s, want %s", test.name, spine, test.spine)
		}
	}
}

func TestMovedGapsAreInOrder(t *testing.T) {
	f := sketch("p.main -> p.f; p.main -> p.g; p.main -> p.x; p.f -> p.y; gap p.g; gap p.y; gap p.x; spine p.main")
	got, err := View{Hide: re("p.[xy]$")}.Apply(f)
	if err != nil {
		t.Fatal(err)
	}
	var after []int
	for _, g := range got.Gaps {
		after = append(after, g.After)
	}
	if have := strings.Join(names(got, after), " "); have != "p.main p.f p.g" {
		t.Errorf("gaps after %s", have)
	}
}

// TestJoinedEdge checks what a joined edge says: the words of the call that it
// starts with, and how many functions it skips.
func TestJoinedEdge(t *testing.T) {
	f := sketch(`
p.main -> p.a;
p.a -> p.b;
p.b -plugin-> p.c;
p.c -> p.d;
p.main -> p.x;
p.x -> p.y;
spine p.main p.a p.b p.c p.d;
`)
	f.Edges[0].Label = "p.a"
	f.Edges[0].Candidates = 3
	f.Edges[4].Label, f.Edges[4].Candidates, f.Edges[4].Detail = "the other", 2, "Doer.Do"
	f.Nodes[1].Func = "p.a"
	for _, test := range []struct {
		hide, to            string
		candidates, skipped int
		label               string
	}{
		{"p.a$", "p.b", 3, 1, ""},
		{"p.a$|p.b$", "p.c", 3, 2, ""},
		{"p.a$|p.b$|p.c$", "p.d", 3, 3, ""},
		{"p.x$", "p.y", 2, 1, "the other"},
	} {
		got, err := View{Hide: re(test.hide)}.Apply(f)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(got.Edges, func(e flow.Edge) bool {
			return e.From == f.Root && strings.HasSuffix(names(got, []int{e.To})[0], test.to)
		})
		if i < 0 {
			t.Errorf("hide %s: no edge to %s in %v", test.hide, test.to, written(got))
			continue
		}
		e := got.Edges[i]
		if e.Kind != flow.Call || e.Candidates != test.candidates || e.Skipped != test.skipped || e.Label != test.label || e.Rule != "static+hidden" {
			t.Errorf("hide %s: %+v, want %+v", test.hide, e, test)
		}
	}
}

// TestOrigins turns off a spine at a function that several requests go through:
// only what the caller decided is sent.
func TestOrigins(t *testing.T) {
	f := sketch(`
p.main -> p.start;
p.main -> p.stop;
p.start -> p.send;
p.stop -> p.send;
p.send -http-> q.start;
p.send -http-> q.stop;
spine p.main p.start p.send q.start;
`)
	id := map[string]int{}
	for _, n := range f.Nodes {
		id[strings.TrimPrefix(n.Func, "example.com/")] = n.ID
	}
	f.Edges[4].Origins, f.Edges[5].Origins = []int{id["p.start"]}, []int{id["p.stop"]}
	got, err := View{Focus: re(`q\.stop`)}.Apply(f)
	if err != nil {
		t.Fatal(err)
	}
	if spine := strings.Join(names(got, got.Spine), " "); spine != "p.main p.stop p.send q.stop" {
		t.Errorf("the spine is %s", spine)
	}
}
