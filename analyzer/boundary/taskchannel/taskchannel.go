// Package taskchannel finds values that are sent to another goroutine over a
// channel and handled there.
//
//  1. send: a value leaves on a channel that was made at a known place; the
//     function that makes the value decides what is sent
//  2. receive: the function that receives in a loop from a channel made at that
//     place; a single receive waits for an answer, and control returns to its
//     caller
//  3. type switch: the receiver, or a function it hands the value to, goes on
//     by the type of the value; only the branch of the sent type runs
//
// Channels of plain signals (struct{}, error, numbers, strings) carry no work
// and are left out. It cannot see channels that pass through maps or libraries.
package taskchannel

import (
	"context"
	"go/token"
	"go/types"
	"slices"
	"strconv"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
)

// Finder finds sends and receives of work.
var Finder = boundary.Finder{Name: "taskchannel", Idioms: []int{32, 33, 34}, Find: find}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &finder{Unit: u, out: out, ids: map[ssa.Value]string{}, switched: map[*ssa.Function]bool{}}
	received := map[string]bool{}
	for _, fn := range u.Program.Funcs {
		if !u.Program.User(fn) || ctx.Err() != nil {
			continue
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				f.receive(fn, instr, received)
			}
		}
	}
	for _, s := range u.Index.Sends() {
		if u.Program.User(s.Parent()) && ctx.Err() == nil {
			f.send(s.Parent(), s.Chan, s.X, s.Pos(), received)
		}
	}
	for _, s := range u.Index.Selects() {
		for _, st := range s.States {
			if st.Dir == types.SendOnly && u.Program.User(s.Parent()) && ctx.Err() == nil {
				f.send(s.Parent(), st.Chan, st.Send, st.Pos, received)
			}
		}
	}
}

type finder struct {
	*boundary.Unit
	out      *boundary.Findings
	ids      map[ssa.Value]string
	switched map[*ssa.Function]bool
}

// carriesWork reports whether values of a channel's element type can be tasks.
func carriesWork(t types.Type) bool {
	c, ok := t.Underlying().(*types.Chan)
	if !ok {
		return false
	}
	e := c.Elem()
	if n, ok := types.Unalias(e).(*types.Named); ok && (n.Obj().Pkg() == nil || n.Obj().Pkg().Path() == "os" || n.Obj().Pkg().Path() == "time") {
		return false
	}
	switch u := e.Underlying().(type) {
	case *types.Interface, *types.Signature, *types.Pointer:
		return true
	case *types.Struct:
		return u.NumFields() > 0
	}
	return false
}

// made is the places where the channel v was made.
func (f *finder) made(c *eval.Context, v ssa.Value, fr *eval.Frame) (out []*ssa.MakeChan, holes []eval.Hole) {
	for _, x := range c.Eval(v, fr) {
		h, ok := x.(eval.Hole)
		if !ok {
			continue
		}
		if m, ok := h.V.(*ssa.MakeChan); ok {
			out = append(out, m)
		} else if h.Kind == eval.Param {
			holes = append(holes, h)
		}
	}
	return out, holes
}

// id names a channel by the place where it is made.
func (f *finder) id(m *ssa.MakeChan) string {
	if f.ids[m] == "" {
		f.ids[m] = f.Program.Name(m.Parent()) + ":" + strconv.Itoa(f.Program.Line(m.Pos()))
	}
	return f.ids[m]
}

// receive reports fn as the receiver of the channels that instr reads.
func (f *finder) receive(fn *ssa.Function, instr ssa.Instruction, received map[string]bool) {
	switch instr := instr.(type) {
	case *ssa.UnOp:
		if instr.Op == token.ARROW && carriesWork(instr.X.Type()) && inLoop(instr.Block()) {
			f.receiver(fn, instr.X, instr, instr.Pos(), received)
		}
	case *ssa.Select:
		for _, st := range instr.States {
			if st.Dir == types.RecvOnly && carriesWork(st.Chan.Type()) && inLoop(instr.Block()) {
				f.receiver(fn, st.Chan, instr, st.Pos, received)
			}
		}
	}
}

// inLoop reports whether control can come back to b.
func inLoop(b *ssa.BasicBlock) bool {
	seen := map[*ssa.BasicBlock]bool{}
	work := slices.Clone(b.Succs)
	for len(work) > 0 {
		x := work[len(work)-1]
		work = work[:len(work)-1]
		if x == b {
			return true
		}
		if !seen[x] {
			seen[x] = true
			work = append(work, x.Succs...)
		}
	}
	return false
}

func (f *finder) receiver(fn *ssa.Function, ch, value ssa.Value, pos token.Pos, received map[string]bool) {
	root := f.Eval.Root(fn)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole { _, holes := f.made(c, ch, root); return holes },
		func(c *eval.Context) {
			chans, _ := f.made(c, ch, root)
			for _, m := range chans {
				received[f.id(m)] = true
				f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
					Kind: flow.Channel, Key: boundary.Key{Path: f.id(m)}, Handlers: []boundary.Handler{{Fn: fn}},
					Registered: []boundary.Place{{In: fn, Pos: pos}}, Rule: "taskchannel/2",
				})
			}
		})
	f.typeSwitches(fn, value, 0)
}

// send reports the departures of one send: one for each function that makes
// the value.
func (f *finder) send(fn *ssa.Function, ch, x ssa.Value, pos token.Pos, received map[string]bool) {
	if !carriesWork(ch.Type()) {
		return
	}
	root := f.Eval.Root(fn)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			chans, holes := f.made(c, ch, root)
			if len(chans) > 0 && !slices.ContainsFunc(chans, func(m *ssa.MakeChan) bool { return received[f.id(m)] }) {
				return nil
			}
			if types.IsInterface(x.Type()) {
				holes = append(holes, eval.Holes(c.Eval(x, root))...)
			}
			return holes
		},
		func(c *eval.Context) {
			chans, _ := f.made(c, ch, root)
			names := typeNames(c.Types(x, root))
			for _, m := range chans {
				if !received[f.id(m)] {
					continue
				}
				for _, name := range names {
					f.out.Departures = append(f.out.Departures, boundary.Departure{
						Kind: flow.Channel, Key: boundary.Key{Name: name, Path: f.id(m)}, In: fn, Pos: pos,
						Via: boundary.Callers(c, root), Rule: "taskchannel/1",
					})
				}
			}
		})
}

func typeNames(ts []types.Type) []string {
	var out []string
	for _, t := range ts {
		if n := calls.TypeString(t); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// typeSwitches notes which calls of fn run for which type of the value, and
// does the same in functions that fn hands it to.
func (f *finder) typeSwitches(fn *ssa.Function, value ssa.Value, depth int) {
	if depth > 3 || value.Referrers() == nil {
		return
	}
	var tests []*ssa.TypeAssert
	for _, v := range aliases(value) {
		for _, r := range *v.Referrers() {
			switch r := r.(type) {
			case *ssa.TypeAssert:
				if r.CommaOk {
					tests = append(tests, r)
				}
			case ssa.CallInstruction:
				callee := r.Common().StaticCallee()
				if callee == nil || r.Common().IsInvoke() {
					continue
				}
				for i, a := range r.Common().Args {
					if a == v && i < len(callee.Params) && types.IsInterface(a.Type()) {
						f.typeSwitches(callee, callee.Params[i], depth+1)
					}
				}
			}
		}
	}
	if len(tests) < 2 || f.switched[fn] {
		return
	}
	f.switched[fn] = true
	for _, t := range tests {
		f.out.Branches = append(f.out.Branches, boundary.Branch{
			In: fn, Sent: true, Word: calls.TypeString(t.AssertedType), Live: liveCalls(fn, tests, t),
		})
	}
}

// aliases is v and what is the same value by another name.
func aliases(v ssa.Value) []ssa.Value {
	out := []ssa.Value{v}
	for i := 0; i < len(out); i++ {
		if out[i].Referrers() == nil {
			continue
		}
		for _, r := range *out[i].Referrers() {
			switch r := r.(type) {
			case *ssa.Extract:
				if _, ok := out[i].(*ssa.TypeAssert); !ok && !slices.Contains(out, ssa.Value(r)) {
					out = append(out, r)
				}
			case *ssa.Phi:
				if !slices.Contains(out, ssa.Value(r)) {
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// liveCalls is the calls of fn that can run when the test `is` succeeds and
// the others fail.
func liveCalls(fn *ssa.Function, tests []*ssa.TypeAssert, is *ssa.TypeAssert) []ssa.CallInstruction {
	seen := map[*ssa.BasicBlock]bool{}
	work := []*ssa.BasicBlock{fn.Blocks[0]}
	var out []ssa.CallInstruction
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[b] {
			continue
		}
		seen[b] = true
		for _, instr := range b.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				out = append(out, c)
			}
		}
		if t := testOf(b, tests); t != nil {
			if t == is {
				work = append(work, b.Succs[0])
			} else {
				work = append(work, b.Succs[1])
			}
			continue
		}
		work = append(work, b.Succs...)
	}
	return out
}

// testOf is the type test that decides where b goes on, nil for none.
func testOf(b *ssa.BasicBlock, tests []*ssa.TypeAssert) *ssa.TypeAssert {
	cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
	if !ok {
		return nil
	}
	ok2, isExtract := cond.Cond.(*ssa.Extract)
	if !isExtract || ok2.Index != 1 {
		return nil
	}
	t, isTest := ok2.Tuple.(*ssa.TypeAssert)
	if !isTest || !slices.Contains(tests, t) {
		return nil
	}
	return t
}
