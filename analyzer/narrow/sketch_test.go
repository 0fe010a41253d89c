package narrow

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

func re(expr string) *Pattern {
	p, err := Parse(expr)
	if err != nil {
		panic(err)
	}
	return p
}

// sketch makes a flow of statements "a.f -> b.g", "a.f -kind-> b.g @place",
// "gap a.f" and "spine a.f b.g", with semicolons between. The part before the
// dot is the program.
func sketch(text string) *flow.Flow {
	f := &flow.Flow{Schema: flow.Schema, Edges: []flow.Edge{}, Gaps: []flow.Gap{}}
	known := map[string]int{}
	node := func(name string) int {
		if id, ok := known[name]; ok {
			return id
		}
		program, _, _ := strings.Cut(name, ".")
		if !slices.ContainsFunc(f.Components, func(c flow.Component) bool { return c.Name == program }) {
			f.Components = append(f.Components, flow.Component{Name: program, Package: "example.com/" + program})
		}
		known[name] = 10 * (len(f.Nodes) + 1) // an ID is not a place in Nodes
		f.Nodes = append(f.Nodes, flow.Node{ID: known[name], Component: program, Func: "example.com/" + name})
		return known[name]
	}
	for _, statement := range strings.Split(text, ";") {
		words := strings.Fields(statement)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "gap":
			f.Gaps = append(f.Gaps, flow.Gap{After: node(words[1])})
		case "spine":
			for _, w := range words[1:] {
				f.Spine = append(f.Spine, node(w))
			}
		default:
			kind := flow.Kind(strings.Trim(words[1], "->"))
			if kind == "" {
				kind = flow.Call
			}
			e := flow.Edge{
				From: node(words[0]), To: node(words[2]), Kind: kind,
				Site: flow.Site{Line: len(f.Edges) + 1}, Rule: "static", Candidates: 1,
			}
			if len(words) > 3 {
				n := node(strings.TrimPrefix(words[3], "@"))
				e.Registered = []flow.Registered{{Node: &n}}
			}
			f.Edges = append(f.Edges, e)
		}
	}
	f.Root = f.Nodes[0].ID
	slices.SortStableFunc(f.Gaps, func(a, b flow.Gap) int { return a.After - b.After })
	return f
}

// written is the edges of f as sketch reads them.
func written(f *flow.Flow) []string {
	var out []string
	for _, e := range f.Edges {
		arrow := "->"
		if e.Kind != flow.Call {
			arrow = "-" + string(e.Kind) + "->"
		}
		line := names(f, []int{e.From})[0] + " " + arrow + " " + names(f, []int{e.To})[0]
		for _, r := range e.Registered {
			if r.Node != nil {
				line += " @" + names(f, []int{*r.Node})[0]
			}
		}
		if strings.HasSuffix(e.Rule, "+hidden") {
			line += " +hidden"
		}
		out = append(out, line)
	}
	return out
}

func ids(nodes []flow.Node) []int {
	var out []int
	for _, n := range nodes {
		out = append(out, n.ID)
	}
	return out
}

func names(f *flow.Flow, list []int) []string {
	var out []string
	for _, id := range list {
		i := slices.IndexFunc(f.Nodes, func(n flow.Node) bool { return n.ID == id })
		if i < 0 {
			out = append(out, "gone")
			continue
		}
		out = append(out, strings.TrimPrefix(f.Nodes[i].Func, "example.com/"))
	}
	return out
}

func marshal(t *testing.T, f *flow.Flow) string {
	t.Helper()
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
