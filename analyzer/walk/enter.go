package walk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/story"
	"github.com/callroute/callroute/analyzer/summary"
)

// start enters the first program.
func (w *walker) start(e Entry) {
	if e.Func != nil {
		w.flow.Root = w.node(place{e.Exe, *e.Func})
		a := activation{exe: e.Exe}
		w.stop(a, *e.Func)
		w.push(a, *e.Func)
		return
	}
	if e.Exe.Main == summary.None {
		return
	}
	main := w.node(place{e.Exe, e.Exe.Main})
	w.flow.Root = main
	a := activation{exe: e.Exe}
	if e.Arrival == nil {
		a.facts, a.known = strings.Join(e.Words, "\x00"), true
		a.line = e.Line.line()
	}
	begin := e.Exe.Main
	if e.Arrival == nil && inMain(e.Exe, e.Command) {
		begin = e.Command.Run[0].Func
	}
	start := w.stop(a, begin)
	if e.Arrival != nil {
		w.registered(e.Exe, e.Arrival.Registered)
		for _, h := range e.Arrival.For(e.method()) {
			n := w.node(place{e.Exe, h.Func})
			via := w.pathTo(e.Exe, e.Arrival.Registered)
			last := main
			if len(via) > 0 {
				last = via[len(via)-1]
			}
			w.edge(flow.Edge{
				From: last, To: n, Kind: flow.Registration, Site: w.siteOf(e.Exe, e.Arrival.Registered),
				Detail: strings.TrimSpace(e.Arrival.Key.String()), Rule: e.Arrival.Rule, Candidates: len(e.Arrival.Handlers), Label: h.Label,
			})
			w.around(start, stitch.Join{Exe: e.Exe, Func: h.Func, Before: e.Arrival.Before, Registered: e.Arrival.Registered}, hop{edge: none, via: via})
			w.addHop(start, hop{Call: story.Call{To: w.stop(a, h.Func)}, edge: none, via: via})
			w.push(a, h.Func)
		}
		return
	}
	w.enter(start, e.Exe, e.Command, a, hop{edge: none})
}

func (w *walker) siteOf(exe *summary.Executable, places []summary.Place) flow.Site {
	if len(places) == 0 {
		return flow.Site{}
	}
	return exe.SiteOf(places[0])
}

// first is the function in which a program that is started for c begins: main,
// or an init function that takes over before it.
func first(exe *summary.Executable, c *summary.Command) summary.ID {
	if c != nil && len(c.Route) == 1 && len(c.Run) == 1 && (c.Route[0] == c.Run[0].Func || inMain(exe, c)) {
		return c.Run[0].Func
	}
	return exe.Main
}

// inMain reports whether a command is what main does for its words.
func inMain(exe *summary.Executable, c *summary.Command) bool {
	return c != nil && len(c.Run) == 1 && exe.Base(c.Run[0].Func) == exe.Main
}

// enter enters a program at the command that its arguments choose. The hop
// to from is completed with the way from main to the command.
func (w *walker) enter(from int, exe *summary.Executable, c *summary.Command, a activation, h hop) {
	begin := first(exe, c)
	if begin != exe.Main && h.Leaves {
		h.To = w.stop(a, begin)
		w.addHop(from, h)
		w.push(a, begin)
		return
	}
	main := w.node(place{exe, exe.Main})
	if w.stops[from].node != main {
		h.via = append(slices.Clone(h.via), main)
	}
	if c == nil || inMain(exe, c) {
		w.unread(exe)
		if w.stops[from].node != main {
			h.via = h.via[:len(h.via)-1]
			h.To = w.stop(a, begin)
			w.addHop(from, h)
		}
		w.push(a, begin)
		return
	}
	last := w.route(exe, c)
	via := append(slices.Clone(h.via), last...)
	holder := main
	if len(last) > 0 {
		holder = last[len(last)-1]
	}
	w.frame(from, exe, c, a, h)
	for i, b := range slices.Concat(c.Before, c.After) {
		n := w.node(place{exe, b.Func})
		owner := holder
		if lit := exe.Func(b.Func).Literal; lit != summary.None {
			owner = w.node(place{exe, lit})
		}
		when := "runs before the command"
		if i >= len(c.Before) {
			when = "runs after the command"
		}
		w.edge(flow.Edge{From: owner, To: n, Kind: flow.Closure, Site: w.declared(exe, b.Func), Detail: when, Rule: c.Rule, Candidates: 1})
		w.addAround(from, hop{Call: story.Call{To: w.stop(a, b.Func)}, edge: h.edge, via: via})
		w.push(a, b.Func)
	}
	for _, r := range c.Run {
		n := w.node(place{exe, r.Func})
		w.edge(flow.Edge{
			From: holder, To: n, Kind: c.Kind, Site: flow.Site{File: c.File, Line: c.Line},
			Detail: strings.Join(append([]string{exe.Program.Name}, c.Words...), " "), Rule: c.Rule, Candidates: len(c.Run), Label: r.Label,
		})
		next := h
		next.To, next.via = w.stop(a, r.Func), via
		w.addHop(from, next)
		w.push(a, r.Func)
	}
}

// unread adds a gap where a library that is not followed reads the command line, so
// that nobody knows what its words decide.
func (w *walker) unread(exe *summary.Executable) {
	r := exe.CommandLine
	if r.Library == "" || r.Known && r.Missing == "" || slices.ContainsFunc(exe.Commands, func(c summary.Command) bool { return len(c.Words) > 0 && !c.Argv0 }) {
		return
	}
	gap := flow.Gap{
		After: w.node(place{exe, exe.Main}), Kind: flow.Call, Site: w.declared(exe, exe.Main), Detail: "command line",
		Reason: fmt.Sprintf("%s reads the command line, and what its words decide is not followed", r.Library),
	}
	if r.Missing != "" {
		gap.Reason += ": " + r.Missing
	} else {
		gap.Hint = fmt.Sprintf("`callroute models %s` writes a model to fill in", r.Library)
	}
	w.gap(gap)
}

func (w *walker) declared(exe *summary.Executable, id summary.ID) flow.Site {
	f := exe.Func(id)
	return flow.Site{File: f.File, Line: f.Line}
}

// route adds the nodes from main to the holder of a command and returns them
// without main.
func (w *walker) route(exe *summary.Executable, c *summary.Command) []int {
	var out []int
	for i, id := range c.Route {
		n := w.node(place{exe, id})
		if i == 0 {
			continue
		}
		out = append(out, n)
		from := c.Route[i-1]
		e := flow.Edge{From: w.node(place{exe, from}), To: n, Kind: flow.Registration, Site: w.declared(exe, from), Rule: c.Rule, Candidates: 1}
		if s := siteTo(exe, from, id, 0); s != nil {
			e.Kind, e.Rule, e.Detail, e.Candidates = s.Kind, s.Rule, s.Detail, s.Candidates
			e.Site.Line = s.Line
		}
		w.edge(e)
	}
	return out
}

// siteTo is the site at which from reaches to, the one at line if there is.
func siteTo(exe *summary.Executable, from, to summary.ID, line int) *summary.Site {
	var found *summary.Site
	for i := range exe.Func(from).Sites {
		s := &exe.Func(from).Sites[i]
		if leads(exe, s, to) && (found == nil || s.Line == line) {
			found = s
		}
	}
	return found
}

func leads(exe *summary.Executable, s *summary.Site, to summary.ID) bool {
	return slices.ContainsFunc(s.To, func(id summary.ID) bool { return exe.Base(id) == exe.Base(to) })
}

// registered adds the way from main to each place where a handler is registered
// and returns the sites.
func (w *walker) registered(exe *summary.Executable, places []summary.Place) []flow.Registered {
	for i := range places {
		w.pathTo(exe, places[i:i+1])
	}
	var out []flow.Registered
	for _, p := range places {
		n := w.node(place{exe, p.In})
		out = append(out, flow.Registered{Site: exe.SiteOf(p), Node: &n})
	}
	return out
}

// pathTo adds the shortest way from main to the first place from which a
// handler is registered, and returns its nodes without main.
func (w *walker) pathTo(exe *summary.Executable, places []summary.Place) []int {
	var out []int
	if len(places) == 0 || exe.Main == summary.None {
		return nil
	}
	path := exe.WayTo(places)
	for i, id := range path {
		n := w.node(place{exe, id})
		if i == 0 {
			continue
		}
		out = append(out, n)
		e := flow.Edge{From: w.node(place{exe, path[i-1]}), To: n, Kind: flow.Call, Site: w.declared(exe, path[i-1]), Rule: "static", Candidates: 1}
		if s := siteTo(exe, path[i-1], id, 0); s != nil {
			e.Kind, e.Rule, e.Detail, e.Candidates, e.Site.Line = s.Kind, s.Rule, s.Detail, s.Candidates, s.Line
		} else {
			e.Kind, e.Rule = flow.Closure, "command"
		}
		w.edge(e)
	}
	return out
}

// method is the method of the request that is asked about, "" where it is not said.
func (e Entry) method() string {
	if e.Arrival.Key.Name == "" && len(e.Words) > 1 {
		return strings.ToUpper(e.Words[0])
	}
	return e.Arrival.Key.Name
}
