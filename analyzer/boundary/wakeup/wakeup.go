// Package wakeup finds work that is left in memory for a goroutine, which is
// woken to take it.
//
//  1. give: a function puts a value into a field of a struct (assigns it, appends
//     it, puts it into a map or hands it to a collection) and signals a condition
//     variable, or sends on a channel of plain signals, that is another field of
//     this struct
//  2. take: a function reads the field, and it waits for that signal; either may
//     be done by functions that it calls
//  3. handed up: where that function returns what it took, its callers have it,
//     up to the one that does not return it and takes again and again: a call on
//     the way up stands in a loop. A function that serves requests hands up what
//     it writes into its answer, to the functions of the program that ask. Where
//     a caller is none of these, the signal wakes the function that waits, and
//     what that caller does is not followed. What is sent on a channel also
//     reaches who receives it
//  4. holder: where queues of one type are fields of several structs, the field
//     through which one is filled and emptied tells them apart
//
// A type that wraps a condition variable is looked through: who calls its method
// signals or waits. What only changes flags or numbers and signals gives no work; a
// text by which functions are looked up does.
//
// It tells objects apart by the fields that hold them, and takes what it cannot
// tell apart for one. It cannot see queues whose lock is polled.
package wakeup

import (
	"context"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
)

// Finder finds work that is left for a goroutine.
var Finder = boundary.Finder{Name: "wakeup", Idioms: []int{34}, Find: find}

const (
	maxWrappers = 3  // functions around a condition variable, and above and below one that waits
	maxHanded   = 3  // functions that hand up what was taken
	maxCallers  = 12 // of one function; what more call is a helper of many
)

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &finder{Unit: u, out: out, arrived: map[field][]arrival{}, departed: map[ssa.Instruction]bool{}}
	var signals, waits []point
	for _, fn := range u.Program.Funcs {
		if u.Program.Std(fn) || ctx.Err() != nil {
			continue
		}
		s, w := f.points(fn)
		signals, waits = append(signals, s...), append(waits, w...)
	}
	for _, s := range signals {
		for _, given := range f.given(s) {
			for _, w := range waits {
				if w.cond == s.cond {
					f.take(w, given, s.in)
				}
			}
		}
	}
	for _, s := range signals {
		for _, given := range f.given(s) {
			f.give(s, given.field)
		}
	}
}

type finder struct {
	*boundary.Unit
	out      *boundary.Findings
	arrived  map[field][]arrival
	departed map[ssa.Instruction]bool
}

// point is an instruction of a function that signals or waits, itself or in what
// it calls, and the field through which it does.
type point struct {
	in   *ssa.Function
	at   ssa.Instruction
	pos  token.Pos
	cond field
}

// arrival is a function that takes work out of a field, and the field that holds
// the queue for it; the zero field where it is not known.
type arrival struct {
	fn     *ssa.Function
	holder field
}

// points is the places of fn that signal and wait, and those of its callers that
// do so through it.
func (f *finder) points(fn *ssa.Function) (signals, waits []point) {
	signal := func(at ssa.Instruction, pos token.Pos, v ssa.Value) {
		f.resolve(point{in: fn, at: at, pos: pos}, v, 0, func(p point) { signals = append(signals, p) })
	}
	wait := func(at ssa.Instruction, pos token.Pos, v ssa.Value) {
		f.resolve(point{in: fn, at: at, pos: pos}, v, 0, func(p point) { waits = append(waits, p) })
	}
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Send:
				if plainSignal(instr.Chan.Type()) {
					signal(instr, instr.Pos(), instr.Chan)
				}
			case *ssa.UnOp:
				if instr.Op == token.ARROW && plainSignal(instr.X.Type()) {
					wait(instr, instr.Pos(), instr.X)
				}
			case *ssa.Select:
				for _, st := range instr.States {
					switch {
					case !plainSignal(st.Chan.Type()):
					case st.Send != nil:
						signal(instr, st.Pos, st.Chan)
					default:
						wait(instr, st.Pos, st.Chan)
					}
				}
			case ssa.CallInstruction:
				switch conditionMethod(instr.Common().StaticCallee()) {
				case "Signal", "Broadcast":
					signal(instr, instr.Pos(), instr.Common().Args[0])
				case "Wait":
					wait(instr, instr.Pos(), instr.Common().Args[0])
				}
			}
		}
	}
	return signals, waits
}

// resolve finds the fields through which v, a condition or a channel, is reached
// at p or in the callers that pass it down.
func (f *finder) resolve(p point, v ssa.Value, depth int, add func(point)) {
	from := f.origin(v)
	if from.field.v != nil {
		p.cond = from.field
		add(p)
	}
	if from.param == nil || depth == maxWrappers || from.field.v != nil && !onlySignals(from.param.Type()) {
		return
	}
	i := slices.Index(from.param.Parent().Params, from.param)
	callers := f.callers(from.param.Parent())
	if len(callers) > maxCallers {
		return
	}
	for _, s := range callers {
		if a := eval.Argument(s.Instr, i); a != nil {
			f.resolve(point{in: s.Caller, at: s.Instr, pos: s.Pos()}, a, depth+1, add)
		}
	}
}

// onlySignals reports whether a struct is nothing but what signals, with the state that
// is asked about: who calls its methods signals. What keeps more does so for itself.
func onlySignals(t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		switch f.Type().Underlying().(type) {
		case *types.Chan, *types.Basic:
		case *types.Pointer, *types.Struct, *types.Interface:
			if path, _, _ := strings.Cut(index.TypeSymbol(f.Type()), "."); path != "sync" && path != "sync/atomic" {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// callers is the calls of fn in the program.
func (f *finder) callers(fn *ssa.Function) []*calls.Site {
	var out []*calls.Site
	for _, s := range f.Graph.In(fn) {
		if s.Rule != calls.Passed && s.Caller != fn && !f.Program.Std(s.Caller) {
			out = append(out, s)
		}
	}
	return out
}

// take is rules 2 and 3: w waits for the signal that work was put into a field
// by giver.
func (f *finder) take(w point, given work, giver *ssa.Function) {
	waits := taking{w.in, w.at, inLoop(w.at.Block())}
	woken := []taking{waits}
	for range maxWrappers {
		var above []taking
		taken, kept := false, true
		for _, t := range woken {
			if f.reads(t.fn, given.field, giver, 0) {
				taken = true
				kept = f.handUp(t, given, 0) && kept
				continue
			}
			for _, up := range f.above(t.fn) {
				above = append(above, up.below(t))
			}
		}
		if taken {
			if _, condition := w.at.(ssa.CallInstruction); !kept || !condition {
				f.arrive(waits, given.field) // who receives from a channel is reached in any case
			}
			return
		}
		if woken = above; len(woken) > maxCallers {
			return
		}
	}
}

// taking is a function that has taken work, or called one that has.
type taking struct {
	fn       *ssa.Function
	at       ssa.Instruction
	repeated bool
}

// below is t, reached from what it calls.
func (t taking) below(inner taking) taking {
	t.repeated = t.repeated || inner.repeated
	return t
}

// above is the functions that call fn, or that make it where it is a literal.
func (f *finder) above(fn *ssa.Function) []taking {
	var out []taking
	if fn.Parent() != nil {
		for _, mc := range f.Index.Closures(fn) {
			out = append(out, taking{mc.Parent(), mc, inLoop(mc.Block())})
		}
		return out
	}
	for _, s := range f.callers(fn) {
		out = append(out, taking{s.Caller, s.Instr, inLoop(s.Instr.Block())})
	}
	if len(out) > maxCallers {
		return nil
	}
	return out
}

// asking is the functions of the program whose requests fn serves.
func (f *finder) asking(fn *ssa.Function) []taking {
	var out []taking
	for _, a := range f.out.Arrivals {
		if !a.Kind.Process() || !slices.ContainsFunc(a.Handlers, func(h boundary.Handler) bool { return h.Fn == fn }) {
			continue
		}
		for _, d := range f.out.Departures {
			if d.Kind != a.Kind || d.Key.Path != a.Key.Path {
				continue
			}
			in, pos := d.In, d.Pos
			if len(d.Via) > 0 {
				in, _ = d.Via[0].In.(*ssa.Function)
				pos = d.Via[0].Pos
			}
			if call := callAt(in, pos); call != nil {
				out = append(out, taking{in, call, inLoop(call.Block())})
			}
		}
	}
	return out
}

// handUp follows work from the function that took it to those that keep it, and
// reports whether all callers are, or lead to, one of these.
func (f *finder) handUp(t taking, given work, depth int) bool {
	above := f.above(t.fn)
	returned := given.returned(t.fn)
	if asking := f.asking(t.fn); len(asking) > 0 && given.answered(t.fn) {
		above, returned = asking, true
	}
	if !returned {
		again := t.repeated || slices.ContainsFunc(above, func(up taking) bool { return up.repeated })
		if again {
			f.arrive(t, given.field)
		}
		return again
	}
	kept := len(above) > 0 && depth < maxHanded
	for _, up := range above {
		if depth > 0 {
			up = up.below(t)
		}
		kept = depth < maxHanded && f.handUp(up, given, depth+1) && kept
	}
	return kept
}

// arrive reports a function that goes on with the work after t.at.
func (f *finder) arrive(t taking, from field) {
	a := arrival{t.fn, f.holder(t.at, from)}
	if slices.Contains(f.arrived[from], a) {
		return
	}
	f.arrived[from] = append(f.arrived[from], a)
	key := from.key(a.holder)
	f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
		Kind: flow.Channel, Key: boundary.Key{Path: key}, Handlers: []boundary.Handler{{Fn: t.fn}},
		Registered: []boundary.Place{{In: t.fn, Pos: t.at.Pos()}}, Rule: "wakeup/2",
	})
	f.out.Branches = append(f.out.Branches, boundary.Branch{In: t.fn, Sent: true, Word: key, Live: callsAfter(t.at)})
}

// holder is the field through which a call reaches the queue that it is a method
// of: one with the field q, or an interface.
func (f *finder) holder(at ssa.Instruction, q field) field {
	c, ok := at.(ssa.CallInstruction)
	if !ok {
		return field{}
	}
	v := eval.Argument(c, 0)
	if v == nil || !types.IsInterface(v.Type()) && ownerOf(v.Type()) != q.owner {
		return field{}
	}
	return f.origin(v).field
}

// give reports the departures of one signal, by the holder of the queue.
func (f *finder) give(s point, into field) {
	arrivals := f.arrived[into]
	if len(arrivals) == 0 || f.departed[s.at] {
		return
	}
	f.departed[s.at] = true
	depart := func(h field, via []boundary.Place) {
		sent := map[string]bool{}
		for _, a := range arrivals {
			key := into.key(a.holder)
			if a.fn == s.in || sent[key] || h.v != nil && a.holder.v != nil && h != a.holder {
				continue
			}
			sent[key] = true
			f.out.Departures = append(f.out.Departures, boundary.Departure{
				Kind: flow.Channel, Key: boundary.Key{Path: key}, In: s.in, Pos: s.pos, Via: via, Rule: "wakeup/1",
			})
		}
	}
	callers := f.callers(s.in)
	if !slices.ContainsFunc(arrivals, func(a arrival) bool { return a.holder.v != nil }) || len(callers) == 0 {
		depart(field{}, nil)
		return
	}
	for _, c := range callers {
		depart(f.holder(c.Instr, into), []boundary.Place{{In: c.Caller, Pos: c.Pos()}})
	}
}
