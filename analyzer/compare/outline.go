package compare

import (
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
)

// Outline is what is compared of a route.
type Outline struct {
	route     []outlined
	functions map[string]flow.Step // all that are reached, by key
	packages  map[string]string    // main packages, by program
	crossings []crossing
	gaps      []gap
}

// outlined is a step of the route.
type outlined struct {
	flow.Step
	key   string
	does  []string // what it does to the machine
	under []string // the conditions under which control passes on
}

// crossing is an edge between processes.
type crossing struct {
	kind             flow.Kind
	from, to, detail string // keys of functions
}

// gap is a flow.Gap without its line, after the function with a key.
type gap struct {
	kind                  flow.Kind
	after, detail, reason string
}

// separator stands in a key between the name of a program and that of a function.
const separator = "\x00"

func keyOf(n flow.Node) string { return n.Component + separator + n.Func }

// Of is the outline of a flow. What only stands where something is registered is
// left out: control does not come there on the route.
func Of(f *flow.Flow) (*Outline, error) {
	r, err := flow.NewRoute(f)
	if err != nil {
		return nil, err
	}
	o := &Outline{functions: map[string]flow.Step{}, packages: map[string]string{}}
	for _, c := range f.Components {
		o.packages[c.Name] = c.Package
	}
	for i, id := range f.Spine {
		n := r.Node[id]
		s := outlined{Step: stepOf(n), key: keyOf(n)}
		for _, e := range n.Does {
			s.does = append(s.does, e.Verb+" "+e.What)
		}
		slices.Sort(s.does)
		s.does = slices.Compact(s.does)
		if e := r.Onward(i); e.Kind != "" {
			s.Next = &flow.Passage{Kind: e.Kind, Site: e.Site, Detail: e.Detail, Rule: e.Rule, Candidates: e.Candidates, Label: e.Label}
			s.under = e.Under
		}
		o.route = append(o.route, s)
	}
	reached := map[int]bool{f.Root: true}
	for queue := []int{f.Root}; len(queue) > 0; queue = queue[1:] {
		for _, e := range r.Out[queue[0]] {
			if !reached[e.To] {
				reached[e.To] = true
				queue = append(queue, e.To)
			}
		}
	}
	for _, n := range f.Nodes {
		if reached[n.ID] {
			o.functions[keyOf(n)] = stepOf(n)
		}
	}
	for _, e := range f.Edges {
		if e.Kind.Process() {
			c := crossing{e.Kind, keyOf(r.Node[e.From]), keyOf(r.Node[e.To]), flow.Brief(e.Kind, e.Detail)}
			if !slices.Contains(o.crossings, c) {
				o.crossings = append(o.crossings, c)
			}
		}
	}
	for _, g := range f.Gaps {
		if x := (gap{g.Kind, keyOf(r.Node[g.After]), g.Detail, g.Reason}); !slices.Contains(o.gaps, x) {
			o.gaps = append(o.gaps, x)
		}
	}
	return o, nil
}

func stepOf(n flow.Node) flow.Step {
	return flow.Step{Program: n.Component, Func: n.Func, Decl: n.Decl, Site: flow.Site{File: n.File, Line: n.Line}}
}
