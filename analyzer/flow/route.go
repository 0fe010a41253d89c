package flow

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Route is a flow indexed for reading: by node, and in source order.
type Route struct {
	*Flow
	Node      map[int]Node
	Component map[string]Component
	Out       map[int][]Edge // in the order of the source
	GapsAfter map[int][]Gap
	Position  map[int]int // of a node on the spine
}

// NewRoute fails if the flow names a node or component that it does not have,
// which only a damaged trace does.
func NewRoute(f *Flow) (*Route, error) {
	if f.Schema != Schema {
		return nil, fmt.Errorf("trace has schema %q, want %q", f.Schema, Schema)
	}
	r := &Route{
		Flow:      f,
		Node:      make(map[int]Node, len(f.Nodes)),
		Component: make(map[string]Component, len(f.Components)),
		Out:       make(map[int][]Edge),
		GapsAfter: make(map[int][]Gap),
		Position:  make(map[int]int, len(f.Spine)),
	}
	for _, c := range f.Components {
		r.Component[c.Name] = c
	}
	for _, n := range f.Nodes {
		if _, ok := r.Component[n.Component]; !ok {
			return nil, fmt.Errorf("trace is damaged: node %d is in program %q, which is not listed", n.ID, n.Component)
		}
		if _, twice := r.Node[n.ID]; twice || n.ID <= 0 {
			return nil, fmt.Errorf("trace is damaged: node %d is listed twice or has no number", n.ID)
		}
		r.Node[n.ID] = n
	}
	for i, id := range f.Spine {
		r.Position[id] = i
	}
	for _, e := range f.Edges {
		r.Out[e.From] = append(r.Out[e.From], e)
	}
	for _, g := range f.Gaps {
		r.GapsAfter[g.After] = append(r.GapsAfter[g.After], g)
	}
	if err := r.sanity(); err != nil {
		return nil, err
	}
	for from := range r.Out {
		slices.SortFunc(r.Out[from], r.compareEdges)
	}
	for after := range r.GapsAfter {
		slices.SortFunc(r.GapsAfter[after], compareGaps)
	}
	return r, nil
}

func (r *Route) sanity() error {
	missing := func(id int, in string) error {
		if _, ok := r.Node[id]; ok {
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
	for _, g := range r.Gaps {
		if err := missing(g.After, "a gap"); err != nil {
			return err
		}
	}
	for _, p := range r.Phases {
		if err := missing(p.Entry, "a phase"); err != nil {
			return err
		}
		for _, m := range p.Moments {
			if len(m.Way) == 0 || m.Phase != nil && (*m.Phase < 0 || *m.Phase >= len(r.Phases)) {
				return errors.New("trace is damaged: a moment of a phase has no way, or enters a phase that is not listed")
			}
			for _, id := range m.Way {
				if err := missing(id, "a moment of a phase"); err != nil {
					return err
				}
			}
			if m.To != 0 {
				if err := missing(m.To, "a moment of a phase"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// compareEdges orders the edges of one node as its body is read.
func (r *Route) compareEdges(a, b Edge) int {
	return cmp.Or(
		CompareSites(a.Site, b.Site),
		strings.Compare(string(a.Kind), string(b.Kind)),
		r.CompareNodes(r.Node[a.To], r.Node[b.To]),
		strings.Compare(a.Detail, b.Detail),
		strings.Compare(a.Label, b.Label),
		strings.Compare(a.Rule, b.Rule),
	)
}

// CompareNodes orders nodes by program, then as their sources are read.
func (r *Route) CompareNodes(a, b Node) int {
	return cmp.Or(
		strings.Compare(a.Component, b.Component),
		strings.Compare(a.File, b.File),
		cmp.Compare(a.Line, b.Line),
		strings.Compare(a.Func, b.Func),
	)
}

func compareGaps(a, b Gap) int {
	return cmp.Or(
		CompareSites(a.Site, b.Site),
		strings.Compare(string(a.Kind), string(b.Kind)),
		strings.Compare(a.Reason, b.Reason),
		strings.Compare(a.Detail, b.Detail),
	)
}

// CompareSites orders places by file and line.
func CompareSites(a, b Site) int {
	return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

// Section is the part of the spine inside one process.
type Section struct {
	Component Component
	Steps     []int // node ids
}

// Sections are the parts of the spine, in order.
func (r *Route) Sections() []Section {
	var all []Section
	for i, id := range r.Spine {
		component := r.Component[r.Node[id].Component]
		if i == 0 || component.Name != r.Node[r.Spine[i-1]].Component || r.Onward(i-1).Kind.Process() {
			all = append(all, Section{Component: component})
		}
		last := &all[len(all)-1]
		last.Steps = append(last.Steps, id)
	}
	return all
}

// Onward returns the edge the spine takes from its i-th node: the one that says
// so, else the first to the next node. It has no kind where the spine ends or
// --hide took the edge out.
func (r *Route) Onward(i int) Edge {
	if i+1 >= len(r.Spine) {
		return Edge{}
	}
	onward := Edge{From: r.Spine[i], To: r.Spine[i+1]}
	for _, e := range r.Out[r.Spine[i]] {
		if e.To == r.Spine[i+1] && (e.Spine || onward.Kind == "") {
			onward = e
			if e.Spine {
				break
			}
		}
	}
	return onward
}

// Branches returns the edges of the i-th spine node that the spine does not
// take, one per target: the other answers of the call that it does take, and the
// rest, which run beside it.
func (r *Route) Branches(i int) (answers, others []Edge) {
	onward := r.Onward(i)
	seen := make(map[int]bool)
	if i+1 < len(r.Spine) {
		seen[r.Spine[i+1]] = true
	}
	for _, e := range r.Out[r.Spine[i]] {
		if seen[e.To] {
			continue
		}
		seen[e.To] = true
		if onward.Kind != "" && e.Instead(onward) {
			answers = append(answers, e)
		} else {
			others = append(others, e)
		}
	}
	return answers, others
}

// Instead reports whether e and other are two true answers of one call: where
// one is taken, the other is not. A call on another line happens as well.
func (e Edge) Instead(other Edge) bool {
	if e.Label == "" || e.From != other.From || e.Site != other.Site || e.Kind.Crossing() != other.Kind.Crossing() {
		return false
	}
	// Two calls of one line differ in what they call, two requests of one call
	// only in what they ask for.
	return e.Kind.Crossing() || e.Kind == other.Kind && e.Detail == other.Detail
}
