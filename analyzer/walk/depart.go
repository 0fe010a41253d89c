package walk

import (
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/story"
	"github.com/callroute/callroute/analyzer/summary"
)

// depart follows a departure, or records the gap.
func (w *walker) depart(v visit, d *summary.Departure) error {
	joins, gap, err := w.st.Join(w.ctx, v.exe, d)
	if err != nil {
		return err
	}
	if w.within != nil {
		joins = slices.DeleteFunc(slices.Clone(joins), func(j stitch.Join) bool { return !w.enters(j) })
		if len(joins) == 0 && !w.within(v.exe, d.In) && !slices.ContainsFunc(d.Via, func(p summary.Place) bool { return w.within(v.exe, p.In) }) {
			return nil
		}
	}
	if v.cause == ended && d.Kind == flow.Channel {
		return nil // who waits for this process has been told of
	}
	from, via := w.carry(v, d)
	in := w.node(place{v.exe, d.In})
	site := flow.Site{File: v.exe.Func(d.In).File, Line: d.Line}
	if gap != nil {
		g := flow.Gap{After: in, Kind: d.Kind, Site: site, Detail: d.Key.String(), Reason: gap.Reason, Hint: gap.Hint}
		if c := gap.Contract; c != nil {
			g.Contract = &flow.Contract{Name: c.Name, Dir: c.Dir, Site: flow.Site{File: c.File, Line: c.Line}}
		}
		w.gap(g)
		end := w.stop(v.activation, d.In)
		if in != from {
			w.addHop(w.stop(v.activation, v.id), hop{Call: story.Call{To: end, Pos: posOf(d), Terms: v.leaving(d)}, edge: none, via: via})
		}
		if d.Kind != flow.Call { // what has no body need not leave the system
			w.stops[end].dead = true
		}
		return nil
	}
	if in != from && len(joins) == 0 {
		// It ends outside the system.
		w.addHop(w.stop(v.activation, v.id), hop{Call: story.Call{To: w.stop(v.activation, d.In), Pos: posOf(d), Terms: v.leaving(d)}, edge: none, via: via})
	}
	if in != from {
		via = append(via, in)
	}
	for _, j := range joins {
		h := hop{via: via, Call: story.Call{
			Pos: posOf(d), Leaves: d.Kind.Process(), Starts: d.Kind == flow.Exec, Asks: w.st.Protocols.Of(d.Kind).Asks(d.Key),
			Work: d.Kind == flow.Task || d.Kind == flow.Queue || d.Kind == flow.Channel, Terms: v.leaving(d),
		}}
		if len(joins) > 1 {
			h.Choices = 1
		}
		if d.Kind == flow.Channel { // who receives it does the rest
			h.Loose++
		}
		w.join(v, d, j, joins, h)
	}
	return nil
}

// enters reports whether a join leads to where the walker goes.
func (w *walker) enters(j stitch.Join) bool {
	return slices.ContainsFunc(j.Entered(), func(id summary.ID) bool { return w.within(j.Exe, id) })
}

// join adds the edge to one thing that a departure reaches.
func (w *walker) join(v visit, d *summary.Departure, j stitch.Join, all []stitch.Join, h hop) {
	site := flow.Site{File: v.exe.Func(d.In).File, Line: d.Line}
	from, in := w.node(place{v.exe, v.id}), w.node(place{v.exe, d.In})
	e := flow.Edge{From: in, Kind: d.Kind, Site: site, Detail: j.Detail, Rule: d.Rule, Candidates: len(all), Label: j.Label}
	if from != in {
		e.Origins = []int{from}
	}
	a := activation{exe: j.Exe, facts: strings.Join(j.Argv, "\x00"), known: j.ArgvKnown}
	if d.Kind == flow.Exec && j.ArgvKnown {
		a.line = lineOf(j.Exe, d.Key.Argv)
	}
	if j.Func == summary.None {
		if j.Exe.Main == summary.None {
			return
		}
		e.To = w.node(place{j.Exe, first(j.Exe, j.Command)})
		h.edge = w.edge(e)
		if a.by = v.exe; d.Rule == replaces {
			a.by = nil
		}
		w.ends(v, d, j)
		w.enter(w.stop(v.activation, v.id), j.Exe, j.Command, a, h)
		return
	}
	e.To = w.node(place{j.Exe, j.Func})
	e.Registered = w.registered(j.Exe, j.Registered)
	h.edge = w.edge(e)
	w.around(w.stop(v.activation, v.id), j, h)
	if j.ArgvKnown { // what is known of the message
		a.sent = true
	} else {
		a = activation{exe: j.Exe}
	}
	a.line.given = v.line.gives(v.exe.Given(v.id, d), j.Exe.Inputs)
	if d.Kind == flow.Channel {
		a.cause = v.cause
	}
	h.To = w.stop(a, j.Func)
	w.addHop(w.stop(v.activation, v.id), h)
	w.push(a, j.Func)
}

// around adds what stands around the handler that h leads to from a stop: it runs
// before it.
func (w *walker) around(from int, j stitch.Join, h hop) {
	holder := j.Exe.Main
	if n := len(j.Registered); n > 0 {
		holder = j.Registered[n-1].In
	}
	for _, b := range j.Before {
		if j.Exe.Base(b.Func) == j.Exe.Base(j.Func) {
			continue
		}
		owner, site := holder, w.declared(j.Exe, holder)
		if n := len(j.Registered); n > 0 {
			site = j.Exe.SiteOf(j.Registered[n-1])
		}
		if lit := j.Exe.Func(b.Func).Literal; lit != summary.None {
			owner, site = lit, w.declared(j.Exe, b.Func)
		}
		w.pathTo(j.Exe, []summary.Place{{In: owner}})
		w.edge(flow.Edge{
			From: w.node(place{j.Exe, owner}), To: w.node(place{j.Exe, b.Func}), Kind: flow.Closure, Site: site,
			Detail: "runs before the handler", Rule: "around", Candidates: 1,
		})
		a := activation{exe: j.Exe}
		h.To = w.stop(a, b.Func)
		w.addAround(from, h)
		w.push(a, b.Func)
	}
}

// carries reports whether the calls can run that carry a departure down from the
// function that decides it.
func (v visit) carries(d *summary.Departure) bool {
	runs := func(in summary.ID, pos int) bool { return visit{v.activation, in}.runs()(pos) }
	for i, p := range d.Via {
		if i > 0 && !runs(p.In, p.Pos) {
			return false
		}
	}
	return len(d.Via) == 0 || runs(d.In, d.Pos)
}

// leaving is the terms under which a departure leaves the function that decides it.
func (v visit) leaving(d *summary.Departure) story.Terms {
	t := v.settle(d.Terms, posOf(d))
	if d.Beside {
		t.Loose = 1
	}
	return t
}

// posOf orders a departure among the sites of the function that decides it.
func posOf(d *summary.Departure) int {
	if len(d.Via) > 0 {
		return d.Via[0].Pos
	}
	return d.Pos
}

// carry adds the calls from the function that decides a departure down to the
// one it leaves from, and returns the first node and those between.
func (w *walker) carry(v visit, d *summary.Departure) (from int, via []int) {
	from = w.node(place{v.exe, v.id})
	last := from
	for i, p := range d.Via {
		next := d.In
		if i+1 < len(d.Via) {
			next = d.Via[i+1].In
		}
		n := w.node(place{v.exe, next})
		e := flow.Edge{
			From: last, To: n, Kind: flow.Call, Site: flow.Site{File: v.exe.Func(p.In).File, Line: p.Line},
			Rule: d.Rule, Candidates: 1,
		}
		if s := siteTo(v.exe, p.In, next, p.Line); s != nil {
			e.Kind, e.Rule, e.Detail, e.Candidates = s.Kind, s.Rule, s.Detail, s.Candidates
		}
		w.edge(e)
		if i+1 < len(d.Via) {
			via = append(via, n)
		}
		last = n
	}
	return from, via
}
