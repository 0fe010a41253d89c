package value

import (
	"slices"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
)

// route is the functions of one program that the command reaches.
type route struct {
	exe     *summary.Executable
	bases   map[summary.ID]bool
	clones  []summary.ID           // of them that are visited, sorted
	ofBody  map[int32][]summary.ID // clones that share a body
	sites   map[summary.ID]map[int][]summary.ID
	callers map[summary.ID][]caller // by callee; nil until asked for
	makers  map[summary.ID][]caller // by literal
	readers map[string][]reader     // by type or package variable
}

func newRoute(exe *summary.Executable, ids []summary.ID) *route {
	r := &route{exe: exe, bases: map[summary.ID]bool{}, clones: ids, ofBody: map[int32][]summary.ID{}, sites: map[summary.ID]map[int][]summary.ID{}}
	for _, id := range ids {
		r.bases[exe.Base(id)] = true
		r.ofBody[exe.Func(id).Body] = append(r.ofBody[exe.Func(id).Body], id)
	}
	return r
}

// visited is the clones of a function that the command visits; the function where it
// visits none.
func (r *route) visited(id summary.ID) []summary.ID {
	if clones := r.ofBody[r.exe.Func(id).Body]; len(clones) > 0 {
		return clones
	}
	return []summary.ID{id}
}

// follow adds a clone in which a value is followed, though the command may not visit it.
func (r *route) follow(fn summary.ID) {
	if !slices.Contains(r.clones, fn) {
		r.clones = append(r.clones, fn)
		slices.Sort(r.clones)
		r.callers = nil
	}
}

// allow adds a function to the route with all that it can call: what a library of the
// command line calls while it reads flags.
func (r *route) allow(id summary.ID) {
	work := []summary.ID{id}
	for len(work) > 0 {
		id, work = work[0], work[1:]
		if r.bases[r.exe.Base(id)] {
			continue
		}
		r.bases[r.exe.Base(id)] = true
		for _, s := range r.exe.Func(id).Sites {
			work = append(work, s.To...)
		}
	}
}

// callees is the functions on the route that a call can reach.
func (r *route) callees(fn summary.ID, s *dataflow.Step) []summary.ID {
	at := r.sites[fn]
	if at == nil {
		at = map[int][]summary.ID{}
		for i := range r.exe.Func(fn).Sites {
			site := r.exe.Func(fn).Sites[i]
			if site.Rule == calls.Passed || site.Kind == flow.Registration || site.Pos == 0 {
				continue
			}
			if at[site.Pos] == nil {
				at[site.Pos] = []summary.ID{} // known, and perhaps not on the route
			}
			for _, to := range site.To {
				if r.bases[r.exe.Base(to)] {
					at[site.Pos] = append(at[site.Pos], to)
				}
			}
		}
		r.sites[fn] = at
	}
	if to := at[s.Pos]; to != nil {
		return to
	}
	if s.Func >= 0 && r.exe.Body(summary.ID(s.Func)) != nil {
		return r.visited(summary.ID(s.Func))
	}
	return nil
}

// caller is a call of a function, or the place where a literal is made.
type caller struct {
	fn    summary.ID
	entry int
	step  *dataflow.Step
	shift int // parameters that the call does not name: the receiver of a method value
}

// entryKey is what a function is entered with.
type entryKey struct {
	exe  *summary.Executable
	fn   summary.ID
	slot int // a parameter or free variable; -1-k where result k is written into
	path path
}

// entry is a function that was entered with a value.
type entry struct {
	entryKey
	callers []caller
	ways    []way // by caller
	exits   []exit
}

// way is how a value came into a function.
type way struct {
	from int // the fact at the call
	hop  hop
}

// exit is a fact that leaves a function.
type exit struct {
	fact int
	slot slot
	line int
}

// slot is a result, or a parameter or free variable that was written into.
type slot struct {
	result bool
	at     int
}

// call follows a value that is an argument.
func (f *follower) call(i int, x fact, s *dataflow.Step) {
	r := f.route[x.exe]
	if r == nil || f.commandLine(s.Name) {
		return // what such a library does with a flag is known, see start
	}
	if f.models.PassesNothing(s.Name) {
		return
	}
	callees := r.callees(x.fn, s)
	for k, a := range s.Args {
		if a != x.reg {
			continue
		}
		sent := f.cross(i, x, s)
		for _, to := range callees {
			f.enter(i, x, s, to, k)
		}
		if callees == nil && !sent {
			f.library(i, x, s, k)
		}
	}
}

// enter follows argument k into a callee.
func (f *follower) enter(i int, x fact, s *dataflow.Step, to summary.ID, k int) {
	b := x.exe.Body(to)
	if b == nil {
		return
	}
	c := caller{fn: x.fn, entry: x.entry, step: s, shift: b.Params() - len(s.Args)}
	if c.shift < 0 || c.shift > 1 {
		return
	}
	p := x.path
	if k+c.shift == 0 {
		p = p.promoted(b.Vars[0].Type)
	}
	f.into(i, entryKey{x.exe, to, k + c.shift, p}, c, byCall(at(x, s, ""), s))
}

// capture follows a value that a literal takes with it.
func (f *follower) capture(i int, x fact, s *dataflow.Step) {
	r, b := f.route[x.exe], x.exe.Body(summary.ID(s.Func))
	if r == nil || b == nil || !r.bases[x.exe.Base(summary.ID(s.Func))] {
		return
	}
	for k, a := range s.Args {
		if a != x.reg {
			continue
		}
		for _, to := range r.visited(summary.ID(s.Func)) {
			f.into(i, entryKey{x.exe, to, captured(b, k), x.path}, caller{fn: x.fn, entry: x.entry, step: s}, at(x, s, ""))
		}
	}
}

// captured is where a function has the value k that a literal takes with it: in a free
// variable, or as the receiver of a method that is a value.
func captured(b *dataflow.Body, k int) int {
	if b.Free == 0 {
		return k
	}
	return b.Params() + k
}

// into enters a function by a parameter or free variable.
func (f *follower) into(i int, key entryKey, c caller, h hop) {
	n := f.entry(i, key, c, h)
	f.add(fact{exe: key.exe, fn: key.fn, entry: n, reg: dataflow.Reg(key.slot), path: key.path}, i, h)
}

// entry notes that a caller enters a function. What is known to leave it leaves it
// here too.
func (f *follower) entry(i int, key entryKey, c caller, h hop) int {
	n, ok := f.entries[key]
	if !ok {
		n = len(f.entered)
		f.entries[key] = n
		f.entered = append(f.entered, &entry{entryKey: key})
	}
	e := f.entered[n]
	if slices.Contains(e.callers, c) {
		return n
	}
	e.callers = append(e.callers, c)
	e.ways = append(e.ways, way{i, h})
	for _, out := range e.exits {
		f.returns(out, c, key.exe, key.fn)
	}
	return n
}

// leave follows a fact out of its function: to the calls that the value came in by,
// where it came in by one of the kind that has the slot.
func (f *follower) leave(i int, x fact, s slot, line int) {
	b := x.exe.Body(x.fn)
	free := !s.result && s.at >= b.Params()
	out := exit{i, s, line}
	if x.entry != 0 {
		e := f.entered[x.entry]
		if !s.result && s.at == e.slot && x.path == e.path || s.result && e.slot < 0 {
			return // as it came in
		}
		if (e.slot >= b.Params()) == free {
			e.exits = append(e.exits, out)
			f.toCallers(out, e.callers, x)
			return
		}
	}
	r := f.route[x.exe]
	if r == nil {
		return
	}
	r.index()
	from := r.callers[x.fn]
	if free {
		from = r.makers[x.exe.Base(x.fn)]
	}
	f.toCallers(out, from, x)
}

// toCallers follows an exit to callers. What was written into an object that a caller
// does not name, as the receiver of a method that is a value, others have too.
func (f *follower) toCallers(out exit, callers []caller, x fact) {
	shared := len(callers) == 0
	for _, c := range callers {
		shared = !f.returns(out, c, x.exe, x.fn) || shared
	}
	if shared && !out.slot.result {
		f.publish(out.fact, x, hop{exe: x.exe, fn: x.fn})
	}
}

// returns makes the fact that an exit is at a caller. It reports whether the caller
// names what is left by.
func (f *follower) returns(out exit, c caller, exe *summary.Executable, fn summary.ID) bool {
	x := f.facts[out.fact].fact
	y := fact{exe: exe, fn: c.fn, entry: c.entry, path: x.path}
	h := hop{exe: exe, fn: c.fn, line: int(c.step.Line), quiet: true}
	switch {
	case out.slot.result:
		if c.step.Op != dataflow.Call || out.slot.at >= len(c.step.Results) {
			return false
		}
		y.reg = c.step.Results[out.slot.at]
		if out.line > 0 {
			h.fn, h.line = fn, out.line
		}
	case c.step.Op == dataflow.Closure:
		k := out.slot.at - captured(exe.Body(fn), 0)
		if k < 0 || k >= len(c.step.Args) {
			return false
		}
		y.reg, y.how = c.step.Args[k], written
	default:
		k := out.slot.at - c.shift
		if k < 0 || k >= len(c.step.Args) {
			return false
		}
		y.reg, y.how = c.step.Args[k], written
	}
	f.add(y, out.fact, h)
	return true
}

// index finds the callers, makers and readers on the route.
func (r *route) index() {
	if r.callers != nil {
		return
	}
	r.callers, r.makers, r.readers = map[summary.ID][]caller{}, map[summary.ID][]caller{}, map[string][]reader{}
	for _, fn := range r.clones {
		b := r.exe.Body(fn)
		if b == nil {
			continue
		}
		for i := range b.Steps {
			s := &b.Steps[i]
			switch s.Op {
			case dataflow.Call:
				for _, to := range r.callees(fn, s) {
					if callee := r.exe.Body(to); callee != nil {
						if shift := callee.Params() - len(s.Args); shift == 0 || shift == 1 {
							r.callers[to] = append(r.callers[to], caller{fn: fn, step: s, shift: shift})
						}
					}
				}
			case dataflow.Closure:
				base := r.exe.Base(summary.ID(max(s.Func, 0)))
				r.makers[base] = append(r.makers[base], caller{fn: fn, step: s})
			case dataflow.Field:
				r.readers[s.Type] = append(r.readers[s.Type], reader{fn, s})
			case dataflow.Global:
				r.readers[s.Name] = append(r.readers[s.Name], reader{fn, s})
			}
		}
	}
}
