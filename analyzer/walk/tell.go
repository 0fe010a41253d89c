package walk

import (
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/story"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// start is the stop in which the route begins, the first that is made.
const start = 0

// tell has the story told of what was found and puts it into the flow.
func (g *graph) tell() {
	if g.flow.Root == 0 {
		return
	}
	r := g.route()
	s := story.Tell(r)
	g.flow.Spine = g.nodesOn(g.flow.Root, s.Chain)
	for _, step := range s.Chain {
		if h := &g.stops[step.Visit].hops[step.Call]; h.edge != none {
			g.flow.Edges[h.edge].Spine = true
		}
	}
	for _, p := range s.Phases {
		entry := &g.stops[p.Entry]
		out := flow.Phase{Component: entry.exe.Program.String(), Entry: entry.node, Moments: []flow.Moment{}}
		for i, m := range p.Moments {
			if m.Call == story.None && !m.Sure() && i != p.Main {
				continue
			}
			told := g.moment(entry.node, m)
			told.Main = i == p.Main
			out.Moments = append(out.Moments, told)
		}
		g.flow.Phases = append(g.flow.Phases, out)
	}
}

// nodesOn is the nodes that some steps lead through, the one that they begin in
// first.
func (g *graph) nodesOn(from int, steps []story.Step) []int {
	out := []int{from}
	for _, step := range steps {
		h := &g.stops[step.Visit].hops[step.Call]
		out = append(append(out, h.via...), g.stops[h.To].node)
	}
	return out
}

// moment is a moment of a phase that begins in a node, as data.
func (g *graph) moment(entry int, m story.Moment) flow.Moment {
	out := flow.Moment{Way: g.nodesOn(entry, m.Way), When: when(m.Terms), Repeated: m.Repeated, Special: m.Special > 0}
	s := &g.stops[m.Visit]
	if m.Call == story.None {
		e := g.effects(s)[m.Effect]
		out.Line, out.Effect = e.Line, e.Call
		return out
	}
	h := &s.hops[m.Call]
	out.To = g.stops[h.To].node
	if h.edge != none {
		e := &g.flow.Edges[h.edge]
		out.Kind, out.Detail, out.Line = e.Kind, e.Detail, e.Site.Line
		if i := slices.Index(h.via, e.From); i >= 0 { // the calls that carry it out of the process
			out.Way = append(out.Way, h.via[:i+1]...)
		}
	}
	if m.Phase != story.None {
		enters := m.Phase
		out.Phase = &enters
	}
	return out
}

// when is the terms of a moment as data.
func when(t story.Terms) flow.When {
	switch {
	case t.Error:
		return flow.Failed
	case t.Off:
		return flow.Off
	case t.Handed, t.Loose > 0:
		return flow.Aside
	case t.Open > 0:
		return flow.If
	case t.Choices > 0:
		return flow.Or
	}
	return flow.Always
}

// effects is the effects of a stop that its activation leaves.
func (g *graph) effects(s *stop) []summary.Effect {
	live := s.live()
	off, _ := s.decided()
	var out []summary.Effect
	for _, e := range s.exe.Func(s.id).Effects {
		if live != nil && !live[e.Pos] || s.line.typed && off[e.Pos] {
			continue
		}
		out = append(out, e)
	}
	return out
}

// route is the graph as the story sees it.
func (g *graph) route() *story.Graph {
	out := &story.Graph{Visits: make([]story.Visit, len(g.stops))}
	visits := map[place][]int{}
	for i := range g.stops {
		p := place{g.stops[i].exe, g.stops[i].exe.Base(g.stops[i].id)}
		visits[p] = append(visits[p], i)
	}
	programs, processes := map[*system.Program]int{}, map[activation]int{}
	for i := range g.stops {
		s := &g.stops[i]
		if _, ok := programs[s.exe.Program]; !ok {
			programs[s.exe.Program] = len(programs)
		}
		process := activation{exe: s.exe} // what serves requests
		if s.known && !s.sent {
			process = s.activation
			process.by = nil
		}
		if _, ok := processes[process]; !ok {
			processes[process] = len(processes)
		}
		f := s.exe.Func(s.id)
		v := story.Visit{Program: programs[s.exe.Program], Process: processes[process], Library: f.Library, Ends: s.dead}
		for _, h := range s.hops {
			v.Calls = append(v.Calls, h.Call)
			var makers []int
			for _, id := range h.made {
				makers = append(makers, visits[place{s.exe, id}]...)
			}
			v.Makers = append(v.Makers, makers)
		}
		for _, e := range g.effects(s) {
			v.Effects = append(v.Effects, story.Effect{
				Pos: e.Pos, Prepares: e.Prepares, Terms: s.settle(e.Terms, e.Pos),
			})
		}
		v.Course = courseOf(f, v.Calls)
		out.Visits[i] = v
	}
	return out
}

// courseOf is the course of a function over the calls that a visit makes.
func courseOf(f *summary.Func, calls []story.Call) []story.Stretch {
	at := map[int][]int{}
	for i := range calls {
		at[calls[i].Pos] = append(at[calls[i].Pos], i)
	}
	out := make([]story.Stretch, len(f.Course))
	for i := range f.Course {
		s := &f.Course[i]
		out[i] = story.Stretch{Next: s.Next, Ends: s.Ends}
		for _, pos := range s.Sites {
			out[i].Calls = append(out[i].Calls, at[pos]...)
		}
	}
	return out
}
