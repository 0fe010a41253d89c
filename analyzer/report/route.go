package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// route is a flow indexed for reading: by node, and in source order.
type route struct {
	*flow.Flow
	node      map[int]flow.Node
	component map[string]flow.Component
	out       map[int][]flow.Edge
	gaps      map[int][]flow.Gap
	position  map[int]int // of a node on the spine
}

// newRoute fails if the flow names a node or component that it does not have,
// which only a damaged trace does.
func newRoute(f *flow.Flow) (*route, error) {
	if f.Schema != flow.Schema {
		return nil, fmt.Errorf("trace has schema %q, want %q", f.Schema, flow.Schema)
	}
	r := &route{
		Flow:      f,
		node:      make(map[int]flow.Node, len(f.Nodes)),
		component: make(map[string]flow.Component, len(f.Components)),
		out:       make(map[int][]flow.Edge),
		gaps:      make(map[int][]flow.Gap),
		position:  make(map[int]int, len(f.Spine)),
	}
	for _, c := range f.Components {
		r.component[c.Name] = c
	}
	for _, n := range f.Nodes {
		if _, ok := r.component[n.Component]; !ok {
			return nil, fmt.Errorf("trace is damaged: node %d is in program %q, which is not listed", n.ID, n.Component)
		}
		r.node[n.ID] = n
	}
	for i, id := range f.Spine {
		r.position[id] = i
	}
	for _, e := range f.Edges {
		r.out[e.From] = append(r.out[e.From], e)
	}
	for _, g := range f.Gaps {
		r.gaps[g.After] = append(r.gaps[g.After], g)
	}
	if err := r.sanity(); err != nil {
		return nil, err
	}
	for from := range r.out {
		slices.SortFunc(r.out[from], r.compareEdges)
	}
	for after := range r.gaps {
		slices.SortFunc(r.gaps[after], compareGaps)
	}
	return r, nil
}

func (r *route) sanity() error {
	missing := func(id int, in string) error {
		if _, ok := r.node[id]; ok {
			return nil
		}
		return fmt.Errorf("trace is damaged: %s names node %d, which is not listed", in, id)
	}
	if len(r.Spine) > 0 {
		if err := missing(r.Root, "root"); err != nil {
			return err
		}
	}
	for _, id := range r.Spine {
		if err := missing(id, "spine"); err != nil {
			return err
		}
	}
	for _, e := range r.Edges {
		if err := cmp.Or(missing(e.From, "an edge"), missing(e.To, "an edge")); err != nil {
			return err
		}
	}
	for _, g := range r.Flow.Gaps {
		if err := missing(g.After, "a gap"); err != nil {
			return err
		}
	}
	return nil
}

// compareEdges orders the edges of one node as its body is read.
func (r *route) compareEdges(a, b flow.Edge) int {
	return cmp.Or(
		compareSites(a.Site, b.Site),
		strings.Compare(string(a.Kind), string(b.Kind)),
		r.compareNodes(r.node[a.To], r.node[b.To]),
		strings.Compare(a.Detail, b.Detail),
		strings.Compare(a.Label, b.Label),
		strings.Compare(a.Rule, b.Rule),
	)
}

// compareNodes orders nodes by program, then as their sources are read.
func (r *route) compareNodes(a, b flow.Node) int {
	return cmp.Or(
		strings.Compare(a.Component, b.Component),
		strings.Compare(a.File, b.File),
		cmp.Compare(a.Line, b.Line),
		strings.Compare(a.Func, b.Func),
	)
}

func compareGaps(a, b flow.Gap) int {
	return cmp.Or(
		compareSites(a.Site, b.Site),
		strings.Compare(string(a.Kind), string(b.Kind)),
		strings.Compare(a.Reason, b.Reason),
		strings.Compare(a.Detail, b.Detail),
	)
}

func compareSites(a, b flow.Site) int {
	return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

// section is the part of the spine inside one process.
type section struct {
	component flow.Component
	steps     []int // node ids
}

func (r *route) sections() []section {
	var all []section
	for i, id := range r.Spine {
		component := r.component[r.node[id].Component]
		if i == 0 || component.Name != r.node[r.Spine[i-1]].Component || r.next(i-1).Kind.Process() {
			all = append(all, section{component: component})
		}
		last := &all[len(all)-1]
		last.steps = append(last.steps, id)
	}
	return all
}

// next returns the edge the spine takes from its i-th node, or an edge without
// kind where the spine ends or --hide took the edge out.
func (r *route) next(i int) flow.Edge {
	if i+1 >= len(r.Spine) {
		return flow.Edge{}
	}
	for _, e := range r.out[r.Spine[i]] {
		if e.To == r.Spine[i+1] {
			return e
		}
	}
	return flow.Edge{From: r.Spine[i], To: r.Spine[i+1]}
}

// branches returns the edges of the i-th spine node that the spine does not
// take, one per target: those that are another true answer, and the rest.
func (r *route) branches(i int) (answers, others []flow.Edge) {
	seen := make(map[int]bool)
	if i+1 < len(r.Spine) {
		seen[r.Spine[i+1]] = true
	}
	for _, e := range r.out[r.Spine[i]] {
		if seen[e.To] {
			continue
		}
		seen[e.To] = true
		if e.Label != "" {
			answers = append(answers, e)
		} else {
			others = append(others, e)
		}
	}
	return answers, others
}

// beyond is what edges lead to without touching the spine.
type beyond struct {
	functions int
	crossings tally // into other processes
	gaps      int
}

func (r *route) beyond(edges []flow.Edge) beyond {
	var b beyond
	seen := make(map[int]bool)
	var visit func([]flow.Edge)
	visit = func(edges []flow.Edge) {
		for _, e := range edges {
			if e.Kind.Process() {
				b.crossings.add(e.Kind)
			}
			if _, spine := r.position[e.To]; spine || seen[e.To] {
				continue
			}
			seen[e.To] = true
			b.functions++
			b.gaps += len(r.gaps[e.To])
			visit(r.out[e.To])
		}
	}
	visit(edges)
	return b
}

// tally counts kinds and remembers the order in which they came.
type tally struct {
	kinds  []flow.Kind
	counts map[flow.Kind]int
	n      int
}

func (t *tally) add(k flow.Kind) {
	if t.counts == nil {
		t.counts = make(map[flow.Kind]int)
	}
	if t.counts[k] == 0 {
		t.kinds = append(t.kinds, k)
	}
	t.counts[k]++
	t.n++
}

func (t *tally) String() string {
	parts := make([]string, len(t.kinds))
	for i, k := range t.kinds {
		parts[i] = fmt.Sprintf("%d %s", t.counts[k], k)
	}
	return strings.Join(parts, ", ")
}

// listed is the tally in brackets, or nothing.
func (t *tally) listed() string {
	if t.n == 0 {
		return ""
	}
	return " (" + t.String() + ")"
}
