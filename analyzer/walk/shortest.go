package walk

import (
	"context"
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
)

// Ends reports whether a way may end at a function, which is given by its base.
type Ends func(*summary.Executable, summary.ID) bool

// Within reports whether a walk goes to a function. It must hold for all from which
// control may come to where the walk is to end, and for what makes the literals that
// a call on such a way chooses among.
type Within func(*summary.Executable, summary.ID) bool

// Goal is where a way may end, and where a walk that looks for it goes.
type Goal struct {
	Ends   Ends
	Within Within
}

// Shortest is the shortest way from e to a function at which it may end, nil where
// the entry leads to none. It is one that Walk could tell: what is known of why a
// program runs decides on the way. A request begins at its handler.
//
// What is only built on the way to a command, or where a handler is registered, is
// reached by the start of its program and not by the entry.
func Shortest(ctx context.Context, st *stitch.Stitcher, e Entry, to Goal) ([]flow.Step, error) {
	w, err := walked(ctx, st, e, to.Within)
	if w == nil || err != nil {
		return nil, err
	}
	s := search{graph: w.graph, ends: to.Ends, before: map[int]leg{}}
	if ownStart(e) && s.end(s.stops[start].node) {
		return s.steps([]passed{{s.stops[start].node, none, true}}), nil
	}
	way := s.run([]int{start})
	if e.Arrival != nil && len(way) > 0 {
		way = way[slices.IndexFunc(way, func(p passed) bool { return p.entry }):]
	}
	return s.steps(way), nil
}

// Between is the shortest way, of those that e leads to, from a function at which
// it may begin to one at which it may end, nil for none.
func Between(ctx context.Context, st *stitch.Stitcher, e Entry, begins Ends, to Goal) ([]flow.Step, error) {
	w, err := walked(ctx, st, e, to.Within)
	if w == nil || err != nil {
		return nil, err
	}
	s := search{graph: w.graph, ends: to.Ends, before: map[int]leg{}}
	var from []int
	for i := range s.stops {
		if p := s.where[s.stops[i].node-1]; begins(p.exe, p.id) {
			from = append(from, i)
		}
	}
	return s.steps(s.run(from)), nil
}

// walked is what e leads to as far as the walk goes, nil for a program without a main function.
func walked(ctx context.Context, st *stitch.Stitcher, e Entry, within Within) (*walker, error) {
	w := newWalker(ctx, st, e)
	w.within = within
	w.start(e)
	if err := w.run(); err != nil || w.flow.Root == 0 {
		return nil, err
	}
	return w, nil
}

// ownStart reports whether the first function is what the entry runs, and not
// what leads to it.
func ownStart(e Entry) bool {
	return e.Command == nil && e.Arrival == nil ||
		e.Command != nil && slices.ContainsFunc(e.Command.Run, func(h summary.Handler) bool { return h.Func == e.Exe.Main })
}

// leg is how a stop is reached: by a hop from another, of which only the first
// nodes are passed where the way ends among them.
type leg struct {
	from  int
	hop   *hop
	nodes int // how many of the hop's nodes, 0 for all
	steps int
}

// passed is a node on a way and the edge by which control comes to it.
type passed struct {
	node, edge int
	entry      bool // the first that the entry runs
}

// search looks for a shortest way over the stops of a graph.
type search struct {
	*graph
	ends   Ends
	before map[int]leg // by stop
	levels [][]leg     // by steps: what may be taken next
}

// run goes from some stops outward until it comes to an end.
func (s *search) run(from []int) []passed {
	for _, at := range from {
		s.before[at] = leg{from: none}
	}
	for _, at := range from {
		s.spread(at)
	}
	for d := 0; d < len(s.levels); d++ {
		for i := 0; i < len(s.levels[d]); i++ {
			l := s.levels[d][i]
			if l.nodes > 0 || s.end(s.stops[l.hop.To].node) {
				return s.way(l)
			}
			if _, known := s.before[l.hop.To]; known {
				continue
			}
			s.before[l.hop.To] = l
			s.spread(l.hop.To)
		}
	}
	return nil
}

func (s *search) end(node int) bool {
	p := s.where[node-1]
	return s.ends(p.exe, p.id)
}

// spread adds where control goes from a stop.
func (s *search) spread(at int) {
	for _, list := range [][]hop{s.stops[at].hops, s.stops[at].around} {
		for i := range list {
			h := &list[i]
			steps := s.before[at].steps + len(h.via) + 1
			if at != start || h.Leaves {
				for n := range s.counted(h) {
					if s.end(h.via[n]) {
						s.add(leg{at, h, n + 1, steps - len(h.via) + n})
						break
					}
				}
			}
			s.add(leg{from: at, hop: h, steps: steps})
		}
	}
}

func (s *search) add(l leg) {
	for len(s.levels) <= l.steps {
		s.levels = append(s.levels, nil)
	}
	s.levels[l.steps] = append(s.levels[l.steps], l)
}

// counted is how many of the nodes on a hop control passes for its sake: of the
// start of a program those up to its first function.
func (s *search) counted(h *hop) int {
	if h.edge == none {
		return len(h.via)
	}
	if i := slices.Index(h.via, s.flow.Edges[h.edge].To); i >= 0 {
		return i + 1
	}
	return len(h.via)
}

// way is the nodes on the way that ends with l.
func (s *search) way(l leg) []passed {
	var legs []leg
	for ; l.from != none; l = s.before[l.from] {
		legs = append(legs, l)
	}
	slices.Reverse(legs)
	way := []passed{{node: s.stops[legs[0].from].node, edge: none}}
	for n, l := range legs {
		nodes := append(slices.Clone(l.hop.via), s.stops[l.hop.To].node)
		if l.nodes > 0 {
			nodes = nodes[:l.nodes]
		}
		for i, node := range nodes {
			way = append(way, passed{node, s.between(way[len(way)-1].node, node, l.hop.edge), n == 0 && i == len(nodes)-1})
		}
	}
	return way
}

// between is the edge by which control comes from one node to the next: the one
// that decides the hop, if that leaves here.
func (s *search) between(from, to, decides int) int {
	if decides != none && s.flow.Edges[decides].From == from {
		return decides
	}
	return slices.IndexFunc(s.flow.Edges, func(e flow.Edge) bool { return e.From == from && e.To == to })
}

// steps is a way as plain data.
func (g *graph) steps(way []passed) []flow.Step {
	var out []flow.Step
	for i, p := range way {
		n := g.flow.Nodes[p.node-1]
		out = append(out, flow.Step{Program: n.Component, Func: n.Func, Decl: n.Decl, Site: flow.Site{File: n.File, Line: n.Line}})
		if p.edge == none || i == 0 {
			continue
		}
		e := g.flow.Edges[p.edge]
		out[i-1].Next = &flow.Passage{Kind: e.Kind, Site: e.Site, Detail: e.Detail, Rule: e.Rule, Candidates: e.Candidates, Label: e.Label}
	}
	return out
}
