package rules

import (
	"fmt"
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
)

// route is what control comes to on one route.
type route struct {
	*flow.Route
	name string
	from map[int]flow.Edge // of each node but the root that control comes to: the edge of a shortest way
}

// routeOf finds what control comes to. What only stands where a handler is
// registered is not among it; what runs before a handler is.
func routeOf(name string, f *flow.Flow) (*route, error) {
	indexed, err := flow.NewRoute(f)
	if err != nil {
		return nil, err
	}
	r := &route{indexed, name, nil}
	r.from = r.reached(nil)
	return r, nil
}

// reached is the nodes that control comes to without passing some.
func (r *route) reached(avoid map[int]bool) map[int]flow.Edge {
	from := map[int]flow.Edge{}
	if r.Root == 0 || avoid[r.Root] {
		return from
	}
	seen := map[int]bool{r.Root: true}
	queue := []int{r.Root}
	come := func(e flow.Edge) {
		if !seen[e.To] && !avoid[e.To] {
			seen[e.To], from[e.To] = true, e
			queue = append(queue, e.To)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, e := range r.Out[queue[0]] {
			if e.Kind.Process() {
				r.around(e, come)
			}
			come(e)
		}
	}
	return from
}

// around visits what runs before the handler that a crossing leads to: it hangs on
// the place where the handler is registered.
func (r *route) around(crossing flow.Edge, come func(flow.Edge)) {
	program := r.Node[crossing.To].Component
	for _, e := range r.Edges {
		if e.Rule == "around" && r.Node[e.To].Component == program {
			here := crossing
			here.To = e.To
			come(here)
		}
	}
}

// way is a shortest way to a node.
func (r *route) way(to int) []flow.Step {
	var out []flow.Step
	for next := (*flow.Passage)(nil); ; {
		n := r.Node[to]
		out = append(out, flow.Step{Program: n.Component, Func: n.Func, Decl: n.Decl, Site: flow.Site{File: n.File, Line: n.Line}, Next: next})
		e, ok := r.from[to]
		if !ok {
			break
		}
		next = &flow.Passage{Kind: e.Kind, Site: e.Site, Detail: e.Detail, Rule: e.Rule, Candidates: e.Candidates, Label: e.Label}
		to = e.From
	}
	slices.Reverse(out)
	return out
}

// comes reports whether control comes to a node.
func (r *route) comes(n int) bool { _, ok := r.from[n]; return ok || n == r.Root && n != 0 }

// meant is the nodes that a name means and that control comes to, in the order of
// their programs and sources.
func (r *route) meant(p *narrow.Pattern) []flow.Node {
	match := p.Nodes(r.Flow)
	var out []flow.Node
	for _, n := range r.Nodes {
		if match[n.ID] && r.comes(n.ID) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, r.CompareNodes)
	return out
}

// check is what a rule finds on a route.
func (r *Rule) check(rt *route) []flow.Finding {
	switch {
	case r.Reaches.Pattern != nil:
		return r.reaches(rt)
	case r.Never.Pattern != nil:
		return r.never(rt)
	case r.Through.Pattern != nil:
		return r.through(rt)
	case len(r.Programs) > 0:
		return r.programs(rt)
	}
	return nil
}

// finding is a finding at a function of a route.
func (r *Rule) finding(rt *route, at flow.Node, message string) flow.Finding {
	return flow.Finding{
		Rule: r.Name, Why: r.Why, Program: at.Component, Route: rt.name, Message: message, Site: flow.Site{File: at.File, Line: at.Line},
	}
}

func (r *Rule) reaches(rt *route) []flow.Finding {
	if len(rt.meant(r.Reaches.Pattern)) > 0 {
		return nil
	}
	return []flow.Finding{r.finding(rt, rt.entry(), fmt.Sprintf("the route does not come to %s", r.Reaches))}
}

// entry is the function in which a person looks for a route: the command's own, or
// the handler.
func (r *route) entry() flow.Node {
	for i, id := range r.Spine {
		if e := r.Onward(i); e.Kind == flow.Registration {
			return r.Node[e.To]
		} else if e.Kind.Process() {
			return r.Node[id]
		}
	}
	return r.Node[r.Root]
}

func (r *Rule) never(rt *route) []flow.Finding {
	var out []flow.Finding
	for _, n := range rt.meant(r.Never.Pattern) {
		f := r.finding(rt, n, fmt.Sprintf("the route comes to %s", rt.Name(n)))
		f.Way = rt.way(n.ID)
		out = append(out, f)
	}
	return out
}

func (r *Rule) through(rt *route) []flow.Finding {
	avoid := map[int]bool{}
	for _, n := range rt.meant(r.Through.Pattern) {
		avoid[n.ID] = true
	}
	past := *rt
	past.from = rt.reached(avoid)
	var out []flow.Finding
	for _, n := range rt.meant(r.To.Pattern) {
		if !past.comes(n.ID) || avoid[n.ID] || avoid[rt.Root] {
			continue
		}
		f := r.finding(rt, n, fmt.Sprintf("a way comes to %s without passing %s", rt.Name(n), r.Through))
		f.Way = past.way(n.ID)
		out = append(out, f)
	}
	return out
}

func (r *Rule) programs(rt *route) []flow.Finding {
	var out []flow.Finding
	told := map[string]bool{}
	for _, e := range rt.Edges {
		to := rt.Node[e.To].Component
		if !e.Kind.Process() || !rt.comes(e.From) || told[to] || slices.Contains(r.Programs, to) {
			continue
		}
		told[to] = true
		f := r.finding(rt, rt.Node[e.From], fmt.Sprintf("%s is entered by %s %s", to, e.Kind, flow.Brief(e.Kind, e.Detail)))
		f.Site = e.Site
		f.Way = append(rt.way(e.From), rt.way(e.To)[len(rt.way(e.To))-1])
		f.Way[len(f.Way)-2].Next = &flow.Passage{Kind: e.Kind, Site: e.Site, Detail: e.Detail, Rule: e.Rule, Candidates: e.Candidates, Label: e.Label}
		out = append(out, f)
	}
	return out
}
