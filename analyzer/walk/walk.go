// Package walk follows one command from the function it starts in through
// every program and records the route as a flow.Flow.
//
// Phases, a file each:
//
//	walk        breadth first from the entry: the calls inside a program
//	enter       how a program is entered: the way from main to a command, or to
//	            where a handler is registered
//	frame       what a program does around a command: in main, before and after it
//	later       what the end of a process, or a signal to it, brings about
//	answer      requests that were waiting and are answered then
//	depart      joins between programs, gaps where there is none
//	graph       what was found, as visits and as nodes and edges
//	tell        the story of what was found, by analyzer/story
//	shortest    the shortest way through the graph to a function
//
// A function is visited once for each activation of its program: what is known
// of the command line or the message that entered it decides which branches can
// run.
package walk

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/source"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/story"
	"github.com/callroute/callroute/analyzer/summary"
)

// Entry is where a route starts.
type Entry struct {
	Exe     *summary.Executable
	Command *summary.Command // a command line …
	Arrival *summary.Arrival // … or something the program serves
	Func    *summary.ID      // … or a function of which it is not known what calls it
	Words   []string         // as they stand in Flow.Command
	Notes   *source.Notes    // what is known of source files; nil for nothing
	Line    Line             // the flags of a command line
}

// Walk records the route from e.
func Walk(ctx context.Context, st *stitch.Stitcher, e Entry, v narrow.View) (*flow.Flow, error) {
	w := newWalker(ctx, st, e)
	w.start(e)
	if err := w.run(); err != nil {
		return nil, err
	}
	w.doubt()
	w.tell()
	w.finish()
	source.Effects(w.flow, w.file, e.Notes)
	shown, err := v.Apply(w.flow)
	if err != nil {
		return nil, err
	}
	source.Conditions(shown, w.file, e.Notes)
	if v.Code {
		source.Code(shown, w.file)
	}
	return shown, nil
}

// pending is a call of a function value that came as an argument and can be
// several literals: those that a function on the route makes are meant.
type pending struct {
	visit
	site *summary.Site
	done map[summary.ID]bool
}

// walker searches what an entry can lead to, breadth first.
type walker struct {
	*graph
	ctx     context.Context
	st      *stitch.Stitcher
	visited map[visit]bool
	queue   []visit
	pending []pending
	within  Within         // where it goes, nil for everywhere
	handed  map[place]bool // functions that one on the route hands on

	woken    []woken
	wakes    map[*summary.Executable]map[summary.ID][]*summary.Wait
	calledBy map[*summary.Executable]callIndex
}

func newWalker(ctx context.Context, st *stitch.Stitcher, e Entry) *walker {
	return &walker{
		graph: newGraph(e), ctx: ctx, st: st,
		visited: map[visit]bool{}, handed: map[place]bool{},
		wakes: map[*summary.Executable]map[summary.ID][]*summary.Wait{}, calledBy: map[*summary.Executable]callIndex{},
	}
}

func (w *walker) push(a activation, id summary.ID) {
	v := visit{a, id}
	if !w.visited[v] {
		w.visited[v] = true
		w.queue = append(w.queue, v)
	}
}

// run visits until nothing is left.
func (w *walker) run() error {
	for {
		for len(w.queue) > 0 {
			if err := w.ctx.Err(); err != nil {
				return err
			}
			v := w.queue[0]
			w.queue = w.queue[1:]
			if err := w.visit(v); err != nil {
				return err
			}
		}
		if w.resume(); len(w.queue) == 0 {
			w.later()
		}
		if len(w.queue) == 0 {
			return nil
		}
	}
}

// resume takes the pending calls whose literals were made meanwhile. When
// nothing else is left, calls none of whose literals were made on this route
// take all of them: they were made before it.
func (w *walker) resume() {
	for i := range w.pending {
		p := &w.pending[i]
		for _, to := range p.site.To {
			maker := p.exe.Func(to).Literal
			if !p.done[to] && (maker == summary.None || w.met(p.exe, maker)) {
				p.done[to] = true
				w.take(p.visit, p.site, to)
			}
		}
	}
	if len(w.queue) > 0 {
		return
	}
	for i := range w.pending {
		p := &w.pending[i]
		if len(p.done) == 0 {
			for _, to := range p.site.To {
				p.done[to] = true
				w.take(p.visit, p.site, to)
			}
		}
	}
}

// doubt marks the functions that a call of an argument may reach, but that nobody on
// the route hands on, where somebody hands on others: those are meant.
func (w *walker) doubt() {
	for _, p := range w.pending {
		handed := func(to summary.ID) bool { return w.handed[place{p.exe, p.exe.Base(to)}] }
		if !slices.ContainsFunc(p.site.To, handed) {
			continue
		}
		s := &w.stops[w.stop(p.activation, p.id)]
		for i := range s.hops {
			if h := &s.hops[i]; h.Pos == p.site.Pos && !h.Leaves && !handed(w.stops[h.To].id) {
				h.Loose++
			}
		}
	}
}

// visit adds what one function does.
func (w *walker) visit(v visit) error {
	runs := v.runs()
	if !v.framing {
		w.pass(v, runs)
	}
	w.acts(v)
	w.brings(v, runs)
	return w.leave(v, runs)
}

// pass adds what a function calls.
func (w *walker) pass(v visit, runs func(int) bool) {
	f := v.exe.Func(v.id)
	for i := range f.Sites {
		s := &f.Sites[i]
		if !runs(cmp.Or(s.Loop, s.Pos)) || v.cause != atOnce && (s.Failure || s.Kind == flow.Go && s.Open > 0) {
			continue // what comes later is told as far as it surely comes to that
		}
		if s.Given && s.Candidates > 1 {
			w.pending = append(w.pending, pending{v, s, map[summary.ID]bool{}})
			continue
		}
		for _, to := range brought(v, s) {
			if s.Rule == calls.Passed {
				w.handed[place{v.exe, v.exe.Base(to)}] = true
			}
			w.take(v, s, to)
		}
	}
}

// acts notes what a function calls that changes what lasts.
func (w *walker) acts(v visit) {
	live := v.live()
	n := &w.flow.Nodes[w.node(place{v.exe, v.id})-1]
	for _, e := range v.exe.Func(v.id).Effects {
		if (live == nil || live[e.Pos]) && !slices.Contains(n.Calls, e.Call) {
			n.Calls = append(n.Calls, e.Call)
		}
	}
}

// leave adds the gaps of a function, and what it leaves its process by.
func (w *walker) leave(v visit, runs func(int) bool) error {
	f := v.exe.Func(v.id)
	for _, l := range f.Lost {
		if runs(l.Pos) {
			w.gap(flow.Gap{
				After: w.node(place{v.exe, v.id}), Kind: l.Kind, Site: flow.Site{File: f.File, Line: l.Line}, Detail: l.Detail, Reason: l.Reason,
			})
		}
	}
	for _, i := range f.Leaves {
		d := &v.exe.Departures[i]
		if !runs(posOf(d)) || !v.carries(d) {
			continue
		}
		if err := w.depart(v, d); err != nil {
			return err
		}
	}
	return nil
}

// take follows one callee of a site.
func (w *walker) take(v visit, s *summary.Site, to summary.ID) {
	if w.within != nil && !w.within(v.exe, to) || s.Kind == flow.Registration && (w.within != nil || v.around) {
		return
	}
	at, made := w.passing(v, s, to)
	if s.Kind == flow.Registration {
		w.registersMore(v.exe, w.node(place{v.exe, to}), to)
		return
	}
	within := v.activation
	within.after = 0
	w.addHop(w.stop(v.activation, v.id), hop{
		Call: story.Call{To: w.stop(within, to), Pos: s.Pos, Carries: s.Carries, Terms: v.termsOf(s, to)}, edge: at, made: made,
	})
	w.push(within, to)
}

// passing adds the edge to one callee of a site, and tells what makes the value that
// is called on.
func (w *walker) passing(v visit, s *summary.Site, to summary.ID) (edge int, made []summary.ID) {
	f := v.exe.Func(v.id)
	e := flow.Edge{
		From: w.node(place{v.exe, v.id}), To: w.node(place{v.exe, to}), Kind: s.Kind, Site: flow.Site{File: f.File, Line: s.Line},
		Detail: s.Detail, Rule: s.Rule, Candidates: s.Candidates,
	}
	if s.Candidates > 1 {
		e.Label = cmp.Or(s.Label, v.exe.Func(to).Name)
	}
	if i := slices.Index(s.To, to); i >= 0 && i < len(s.Made) {
		for _, p := range s.Made[i] {
			m := v.exe.Func(p.In)
			e.Made = append(e.Made, flow.Maker{Func: m.Name, File: m.File, Line: m.Line, At: p.Line})
			made = append(made, v.exe.Base(p.In))
		}
	}
	for _, r := range s.Registered {
		e.Registered = append(e.Registered, flow.Registered{Site: v.exe.SiteOf(r)})
	}
	return w.edge(e), made
}

// registersMore follows a registered table or wrapper to the handlers in it. A
// handler is shown and not entered: it runs when something arrives.
func (w *walker) registersMore(exe *summary.Executable, from int, id summary.ID) {
	f := exe.Func(id)
	for i := range f.Sites {
		s := &f.Sites[i]
		if s.Kind != flow.Registration {
			continue
		}
		for _, to := range s.To {
			n := w.node(place{exe, to})
			e := flow.Edge{
				From: from, To: n, Kind: s.Kind, Site: flow.Site{File: f.File, Line: s.Line},
				Detail: s.Detail, Rule: s.Rule, Candidates: s.Candidates,
			}
			if before := len(w.flow.Edges); w.edge(e) == before {
				w.registersMore(exe, n, to)
			}
		}
	}
}

// brought is the callees of a site: of a function that came with a message,
// those that the sender put there. They run when the message arrives, not when
// the receiver is started.
func brought(v visit, s *summary.Site) []summary.ID {
	if !s.Carried {
		return s.To
	}
	if !v.sent {
		return slices.DeleteFunc(slices.Clone(s.To), func(id summary.ID) bool { return slices.Contains(s.Sent, id) })
	}
	words := strings.Split(v.facts, "\x00")
	out := slices.DeleteFunc(slices.Clone(s.To), func(id summary.ID) bool { return !slices.Contains(words, v.exe.Func(id).Name) })
	if len(out) == 0 {
		return s.To
	}
	return out
}

// termsOf is the terms under which a site passes control on to a function. Where
// several are tried in turn the others run if the one before finds an error.
func (v visit) termsOf(s *summary.Site, to summary.ID) story.Terms {
	t := v.settle(s.Terms, cmp.Or(s.Loop, s.Pos))
	switch {
	case s.Tried && s.Candidates > 1:
		t.Error = t.Error || v.exe.Base(to) != v.exe.Base(s.To[0])
	case s.Candidates > 1:
		t.Choices = 1
	}
	t.Handed = s.Elsewhere
	if s.Kind == flow.Defer || (s.Kind == flow.Go || s.Rule == calls.Passed) && !s.Awaited {
		t.Loose = 1
	}
	return t
}
