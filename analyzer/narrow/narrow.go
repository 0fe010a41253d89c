// Package narrow takes from a flow what a person asks to see, in pprof's words:
// a route that ends at a function, goes through one, avoids one, or leaves
// functions out.
//
// It works on plain data, so a saved trace can be asked again without analysis.
//
// Words. To hide a node is to leave it out and to join what called it with what
// it called. A joined edge is such an edge: it has the words of the call that it
// starts with, and says how many functions it skips. The two ends of a crossing
// between processes are never joined over while the crossing leads to something
// that is shown: a request must not seem to go where it does not go.
//
// Phases: ignore, to, focus, show and hide, depth. Ignore comes first, so that
// To finds a way around what is ignored; depth last, so that it counts what is
// shown.
//
// What it cannot see: for which of its callers a shared function crosses into
// another process, unless the crossing names its origins. A way that is
// searched beside the spine keeps to the origins; the nodes that stay do not.
package narrow

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/system"
)

// View says what to keep of a flow. The zero View keeps all.
type View struct {
	To     *Pattern // the route ends at the first matching function
	Focus  *Pattern // only routes through a matching function
	Ignore *Pattern // no route through a matching function
	Show   *Pattern // only matching functions, joined over the others
	Hide   *Pattern // no matching functions, joined over them
	Depth  int      // calls followed inside one process, 0 for all
	Code   bool     // with the lines of each function that matter, see source.Code
}

// Apply is the part of f that v keeps, f itself being left as it is. IDs stay,
// and so does the order of nodes and edges. When nothing is left, the root is 0
// and the spine is empty; To and Show complain that they match nothing.
func (v View) Apply(f *flow.Flow) (*flow.Flow, error) {
	if v.Ignore != nil {
		f = ignore(f, v.Ignore.Nodes(f))
	}
	if f.Root == 0 {
		return f, nil
	}
	if v.To != nil {
		ended, err := endAt(f, v.To)
		if err != nil {
			return nil, err
		}
		f = ended
	}
	if v.Focus != nil {
		f = focus(f, v.Focus.Nodes(f))
	}
	if f.Root != 0 && (v.Show != nil || v.Hide != nil) {
		joined, err := v.joined(f)
		if err != nil {
			return nil, err
		}
		f = joined
	}
	if f.Root != 0 && v.Depth > 0 {
		f = shallow(f, v.Depth)
	}
	return f, nil
}

// ignore takes the matching nodes away, and what the root leads to no more.
func ignore(f *flow.Flow, match map[int]bool) *flow.Flow {
	if len(match) == 0 {
		return f
	}
	w := waysOf(f)
	was := spread([]int{f.Root}, w.next)
	now := map[int]bool{}
	if !match[f.Root] {
		now = spread([]int{f.Root}, func(n int) []int { return without(w.next(n), match) })
	}
	aside := w.registering(was, func(n int) bool { return now[n] }, func(n int) bool { return !match[n] })
	out := restrict(f, func(n int) bool { return now[n] || aside[n] }, nil)
	out.Spine = reroute(out, []int{f.Root}, f.Spine)
	return out
}

// endAt keeps the ways from the root to the first function that matches on
// each. The root itself counts only when nothing else matches.
func endAt(f *flow.Flow, to *Pattern) (*flow.Flow, error) {
	w, match := waysOf(f), to.Nodes(f)
	rootToo := match[f.Root]
	delete(match, f.Root)
	ahead := spread([]int{f.Root}, func(n int) []int {
		if match[n] {
			return nil
		}
		return w.next(n)
	})
	var ends []int
	for _, n := range f.Nodes {
		if ahead[n.ID] && match[n.ID] {
			ends = append(ends, n.ID)
		}
	}
	if len(ends) == 0 && !rootToo {
		return nil, noMatch(f, "--to", to)
	}
	kept := spread(ends, func(n int) []int {
		return slices.DeleteFunc(w.previous(n), func(p int) bool { return !ahead[p] })
	})
	kept[f.Root] = true
	out := restrict(f, func(n int) bool { return kept[n] }, func(e *flow.Edge) bool { return !match[e.From] })
	if i := slices.IndexFunc(f.Spine, func(n int) bool { return match[n] }); i > 0 {
		out.Spine = slices.Clone(f.Spine[:i+1])
		return out, nil
	}
	out.Spine = waysOf(out).cheapest(f.Spine, f.Root, match, nil)
	if len(out.Spine) == 0 {
		out.Spine = []int{f.Root}
	}
	return out, nil
}

// noMatch is the error of a flag that matches nothing, with names that may have
// been meant.
func noMatch(f *flow.Flow, flag string, p *Pattern) error {
	words := strings.FieldsFunc(p.String(), func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var names []string
	for _, n := range f.Nodes {
		names = append(names, n.Func[strings.LastIndexByte(n.Func, '.')+1:])
	}
	slices.Sort(names)
	hint := ""
	if len(words) > 0 {
		if near := system.Nearest(words[len(words)-1], slices.Compact(names)); len(near) > 0 {
			hint = "; did you mean " + strings.Join(near, ", ") + "?"
		}
	}
	return fmt.Errorf("no function on the route matches %s \"%s\"%s", flag, p, hint)
}

// focus keeps the ways from the root through a match. If the spine is none of
// them, it turns off to the nearest match and comes back as soon as it can.
func focus(f *flow.Flow, match map[int]bool) *flow.Flow {
	w := waysOf(f)
	ahead := spread([]int{f.Root}, w.next)
	var through []int
	for _, n := range f.Nodes {
		if match[n.ID] && ahead[n.ID] {
			through = append(through, n.ID)
		}
	}
	up := spread(through, func(n int) []int {
		return slices.DeleteFunc(w.previous(n), func(p int) bool { return !ahead[p] })
	})
	down := spread(through, w.next)
	out := restrict(f,
		func(n int) bool { return up[n] || down[n] },
		func(e *flow.Edge) bool { return up[e.To] || down[e.From] })
	if out.Root != 0 && !slices.ContainsFunc(f.Spine, func(n int) bool { return match[n] }) {
		out.Spine = reroute(out, waysOf(out).cheapest(f.Spine, f.Root, match, nil), f.Spine)
	}
	return out
}

// shallow keeps what is at most depth calls away from where its process is
// entered. The spine ends where it goes deeper, and says how much it lost.
func shallow(f *flow.Flow, depth int) *flow.Flow {
	w := waysOf(f)
	was := spread([]int{f.Root}, w.next)
	far := map[int]int{f.Root: 0}
	for _, n := range f.Nodes {
		if !was[n.ID] && len(w.in[n.ID]) == 0 {
			far[n.ID] = 0 // the main function above a place of registration
		}
	}
	var queue []int
	for _, n := range f.Nodes {
		if _, entry := far[n.ID]; entry {
			queue = append(queue, n.ID)
		}
	}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, i := range w.out[n] {
			e, d := &f.Edges[i], far[n]+1
			if e.Kind.Process() {
				d = 0
			}
			if old, ok := far[e.To]; ok && old <= d || d > depth || was[e.To] && !was[n] {
				continue // the last: a way aside brings nothing nearer
			}
			far[e.To] = d
			queue = append(queue, e.To)
		}
	}
	near := func(n int) bool { _, ok := far[n]; return ok }
	kept := len(f.Spine)
	if i := slices.IndexFunc(f.Spine, func(n int) bool { return !near(n) }); i >= 0 {
		kept = i
	}
	aside := w.registering(was, func(n int) bool { return was[n] && near(n) }, near)
	out := restrict(f, func(n int) bool { return aside[n] || was[n] && near(n) }, nil)
	out.Spine, out.Cut = slices.Clone(f.Spine[:kept]), len(f.Spine)-kept
	return out
}

// restrict is f with the nodes and edges for which node and edge hold; a nil
// edge holds for all. Gaps go with their nodes.
func restrict(f *flow.Flow, node func(int) bool, edge func(*flow.Edge) bool) *flow.Flow {
	out := *f
	out.Nodes, out.Edges, out.Gaps, out.Spine, out.Components = []flow.Node{}, []flow.Edge{}, []flow.Gap{}, []int{}, nil
	programs := map[string]bool{}
	for _, n := range f.Nodes {
		if node(n.ID) {
			out.Nodes = append(out.Nodes, n)
			programs[n.Component] = true
		}
	}
	for _, c := range f.Components {
		if programs[c.Name] {
			out.Components = append(out.Components, c)
		}
	}
	for i := range f.Edges {
		e := f.Edges[i]
		if !node(e.From) || !node(e.To) || edge != nil && !edge(&e) {
			continue
		}
		e.Registered = slices.Clone(e.Registered)
		for j, r := range e.Registered {
			if r.Node != nil && !node(*r.Node) {
				e.Registered[j].Node = nil
			}
		}
		out.Edges = append(out.Edges, e)
	}
	for _, g := range f.Gaps {
		if node(g.After) {
			out.Gaps = append(out.Gaps, g)
		}
	}
	for _, n := range f.Spine {
		if node(n) {
			out.Spine = append(out.Spine, n)
		}
	}
	if !node(f.Root) {
		out.Root = 0
	}
	out.Phases = phases(f.Phases, node)
	return &out
}

// phases keeps the phases of which the entry is there, and of them the moments of
// which both ends are.
func phases(all []flow.Phase, node func(int) bool) []flow.Phase {
	place := map[int]int{}
	for i, p := range all {
		if node(p.Entry) {
			place[i] = len(place)
		}
	}
	var out []flow.Phase
	for _, p := range all {
		if !node(p.Entry) {
			continue
		}
		kept := p
		kept.Moments = []flow.Moment{}
		for _, m := range p.Moments {
			if last := m.Way[len(m.Way)-1]; !node(last) || m.To != 0 && !node(m.To) {
				continue
			}
			m.Way = slices.DeleteFunc(slices.Clone(m.Way), func(n int) bool { return !node(n) })
			if m.Phase != nil {
				enters, ok := place[*m.Phase]
				if m.Phase = nil; ok {
					m.Phase = &enters
				}
			}
			kept.Moments = append(kept.Moments, m)
		}
		out = append(out, kept)
	}
	return out
}

// joined leaves out what Show and Hide say, the root excepted, and joins what
// remains. Two nodes get one joined edge, and none beside a direct one. Where
// nothing that is shown lies on the spine, the spine turns off to the nearest.
func (v View) joined(f *flow.Flow) (*flow.Flow, error) {
	w := waysOf(f)
	shown, hidden, err := v.shown(f, w)
	if err != nil {
		return nil, err
	}
	if v.Show != nil && !slices.ContainsFunc(f.Spine, func(n int) bool { return shown[n] }) {
		turned := *f
		turned.Spine = w.cheapest(f.Spine, f.Root, shown, nil)
		f = &turned
	}
	gone := map[int]bool{}
	for _, n := range f.Nodes {
		gone[n.ID] = n.ID != f.Root && !shown[n.ID]
	}
	before := spread(slices.Collect(maps.Keys(shown)), w.previous)
	for _, e := range f.Edges {
		if e.Kind.Process() && before[e.To] {
			gone[e.From], gone[e.To] = false, false
		}
	}
	out := *f
	out.Edges = nil
	have := map[[2]int]bool{}
	for _, e := range f.Edges {
		have[[2]int{e.From, e.To}] = true
	}
	for i, e := range f.Edges {
		switch {
		case gone[e.From]:
		case !gone[e.To]:
			out.Edges = append(out.Edges, e)
		case e.Kind.Process():
			// It leads to nothing that is shown.
		default:
			for _, j := range w.over(i, gone) {
				if pair := [2]int{j.From, j.To}; j.From != j.To && !have[pair] {
					have[pair] = true
					out.Edges = append(out.Edges, j)
				}
			}
		}
	}
	out.Gaps = nil
	for _, g := range f.Gaps {
		if hidden[g.After] && gone[g.After] {
			g.After = w.before(g.After, gone)
		}
		if !slices.Contains(out.Gaps, g) {
			out.Gaps = append(out.Gaps, g)
		}
	}
	slices.SortStableFunc(out.Gaps, func(a, b flow.Gap) int { return cmp.Compare(a.After, b.After) })
	return restrict(&out, func(n int) bool { return n != 0 && !gone[n] }, nil), nil
}

// shown is the nodes that Show and Hide leave, and those that Hide names.
func (v View) shown(f *flow.Flow, w *ways) (shown, hidden map[int]bool, err error) {
	shown, hidden = map[int]bool{}, map[int]bool{}
	if v.Hide != nil {
		hidden = v.Hide.Nodes(f)
	}
	if v.Show == nil {
		for _, n := range f.Nodes {
			shown[n.ID] = true
		}
	} else {
		shown = v.Show.Nodes(f)
		reached := spread([]int{f.Root}, w.next)
		maps.DeleteFunc(shown, func(n int, _ bool) bool { return !reached[n] })
		if len(shown) == 0 {
			return nil, nil, noMatch(f, "--show", v.Show)
		}
	}
	maps.DeleteFunc(shown, func(n int, _ bool) bool { return hidden[n] })
	return shown, hidden, nil
}
