package walk

import (
	"slices"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
)

const (
	maxReturns   = 6 // functions that a function which waits returns to
	maxReturning = 8 // callers of one of them; what more call is a helper of many
	maxAnswers   = 3 // callees that a call on the way may have
	maxPrograms  = 4 // requests that wait for each other
)

// answering follows answers into the programs on the route that serve requests.
type answering struct {
	*walker
	known []*summary.Executable // in the order in which the route comes to them
}

func newAnswering(w *walker) *answering {
	var all []*summary.Executable
	for _, p := range w.where {
		if !slices.Contains(all, p.exe) {
			all = append(all, p.exe)
		}
	}
	return &answering{w, slices.DeleteFunc(all, func(exe *summary.Executable) bool {
		return !slices.ContainsFunc(exe.Arrivals, func(a summary.Arrival) bool { return a.Kind.Process() })
	})}
}

// returns is the places at which functions wait for each other, the innermost first,
// and what the last of them answers: nil where it is a goroutine that goes on by
// itself.
type returns struct {
	exe     *summary.Executable
	places  []summary.Place
	answers *summary.Arrival
}

// answer goes on in the handlers of requests that were waiting for a channel which is
// closed, and where their answers are waited for: in goroutines of programs on the
// route. A handler whose answer nobody there waits for is not followed, nor one that
// does not wait in every run.
func (w *answering) answer(c *woken) {
	for i := range c.exe.Waits {
		wait := &c.exe.Waits[i]
		if wait.For != c.wake.For || !surely(wait.Terms) {
			continue
		}
		for _, r := range w.from(c.exe, []summary.Place{wait.Place}) {
			if r.answers == nil {
				continue
			}
			w.told(w.stop(c.activation, c.id), r, flow.Edge{
				From: w.node(place{c.exe, c.id}), Kind: flow.Channel, Site: flow.Site{File: c.exe.Func(c.id).File, Line: c.wake.Line},
				Detail: "closed", Rule: wait.Rule,
			}, 0)
		}
	}
}

// surely reports whether what stands under some terms is come to in every run that
// finds no error.
func surely(t calls.Terms) bool { return !t.Failure && t.Open == 0 }

// told goes on at the places of r, over an edge to the first of them, and in those
// that wait for its answer; it reports whether there are any.
func (w *answering) told(from int, r returns, e flow.Edge, depth int) bool {
	if r.answers == nil {
		w.along(from, r, e)
		return true
	}
	if depth == maxPrograms {
		return false
	}
	some := false
	for _, next := range w.asking(r.answers) {
		last := r.places[len(r.places)-1]
		f := r.exe.Func(last.In)
		reply := flow.Edge{
			From: w.node(place{r.exe, last.In}), Kind: flow.Event, Site: flow.Site{File: f.File, Line: last.Line},
			Detail: "answers " + r.answers.Key.Path, Rule: "answer",
		}
		if w.told(w.stop(activation{exe: r.exe, cause: signalled, after: last.Pos}, last.In), next, reply, depth+1) {
			some = true
		}
	}
	if some {
		w.along(from, r, e)
	}
	return some
}

// along goes on at each place of r.
func (w *answering) along(from int, r returns, e flow.Edge) {
	a := activation{exe: r.exe, cause: signalled}
	for _, p := range r.places {
		w.goOn(from, a, p, e)
		at := a
		at.after = p.Pos
		from = w.stop(at, p.In)
		f := r.exe.Func(p.In)
		e = flow.Edge{From: w.node(place{r.exe, p.In}), Kind: flow.Channel, Site: flow.Site{File: f.File, Line: p.Line}, Detail: "returns", Rule: "answer"}
	}
}

// asking is where programs wait for the answer of a served request.
func (w *answering) asking(a *summary.Arrival) []returns {
	p := w.st.Protocols.Of(a.Kind)
	var out []returns
	for _, exe := range w.known {
		for i := range exe.Departures {
			d := &exe.Departures[i]
			if d.Kind != a.Kind || d.Again || d.Reason != "" || !p.Answers(d.Key, a.Key).Fits() {
				continue
			}
			places := []summary.Place{{In: d.In, Line: d.Line, Pos: d.Pos}}
			for _, via := range slices.Backward(d.Via) {
				places = append(places, summary.Place{In: via.In, Line: via.Line, Pos: via.Pos})
			}
			out = append(out, w.from(exe, places)...)
		}
	}
	return out
}

// above is the ways up from places at which functions wait for each other: to the
// goroutine in which they do, or to the handler of a request.
func (w *answering) above(exe *summary.Executable, places []summary.Place, depth int) []returns {
	fn := places[len(places)-1].In
	if a := serves(exe, fn); a != nil {
		return []returns{{exe, places, a}}
	}
	up := w.calls(exe).callers[fn]
	if slices.ContainsFunc(up, func(c caller) bool { return c.starts }) {
		return []returns{{exe, places, nil}}
	}
	if depth == maxReturns || len(up) > maxReturning {
		return nil
	}
	var out []returns
	for _, c := range up {
		if !slices.ContainsFunc(places, func(p summary.Place) bool { return exe.Base(p.In) == exe.Base(c.at.In) }) {
			out = append(out, w.above(exe, append(slices.Clone(places), c.at), depth+1)...)
		}
	}
	return out
}

// from is above for a place in any clone of its function.
func (w *answering) from(exe *summary.Executable, places []summary.Place) []returns {
	last := len(places) - 1
	var out []returns
	for _, id := range w.calls(exe).clones[exe.Base(places[last].In)] {
		own := slices.Clone(places)
		own[last].In = id
		out = append(out, w.above(exe, own, 0)...)
	}
	return out
}

// serves is the remote procedure that a function answers, or the function around it;
// nil for none.
func serves(exe *summary.Executable, fn summary.ID) *summary.Arrival {
	for i := range exe.Arrivals {
		a := &exe.Arrivals[i]
		if a.Kind != flow.GRPC && a.Kind != flow.TTRPC && a.Kind != flow.RPC {
			continue
		}
		for _, h := range a.Handlers {
			if h.Func == fn || exe.Base(h.Func) == exe.Func(fn).Literal {
				return a
			}
		}
	}
	return nil
}

// caller is a place that calls a function, and waits for it unless it starts it as a
// goroutine.
type caller struct {
	at     summary.Place
	starts bool
}

// callIndex is who calls each function of a program, and the clones of each.
type callIndex struct {
	callers map[summary.ID][]caller
	clones  map[summary.ID][]summary.ID
}

// calls is the call index of a program.
func (w *answering) calls(exe *summary.Executable) callIndex {
	if known, ok := w.calledBy[exe]; ok {
		return known
	}
	out := callIndex{map[summary.ID][]caller{}, map[summary.ID][]summary.ID{}}
	for id := range summary.ID(exe.NumFuncs()) {
		f := exe.Func(id)
		out.clones[f.Base] = append(out.clones[f.Base], id)
		for i := range f.Sites {
			s := &f.Sites[i]
			if s.Kind == flow.Registration || s.Kind == flow.Defer || s.Rule == calls.Passed || s.Candidates > maxAnswers || s.Kind != flow.Go && !surely(s.Terms) {
				continue
			}
			for _, to := range s.To {
				c := caller{summary.Place{In: id, Line: s.Line, Pos: s.Pos}, s.Kind == flow.Go}
				if !slices.Contains(out.callers[to], c) {
					out.callers[to] = append(out.callers[to], c)
				}
			}
		}
	}
	w.calledBy[exe] = out
	return out
}
