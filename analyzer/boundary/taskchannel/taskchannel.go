// Package taskchannel finds values that are sent to another goroutine over a
// channel and handled there.
//
//  1. send: a value leaves on a channel that was made at a known place; the
//     function that makes the value decides what is sent
//  2. receive: the function that receives in a loop from a channel made at that
//     place; a single receive waits for an answer, and control returns to its
//     caller
//  3. type switch: the receiver, or a function it hands the value to, goes on
//     by the type of the value, or of an interface in a field of it; only the branch
//     of the sent type runs
//  4. select: of several cases only that of the channel runs
//  5. rendezvous: a single receive from a channel that another function keeps in
//     a map is where the sent value goes on, after the receive
//  6. carried: a function in the sent value is what the receiver calls
//
// Channels of plain signals (struct{}, error, numbers) carry no work and are
// left out. It cannot see channels that pass through libraries, and takes all
// channels that are made at one place for one.
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
var Finder = boundary.Finder{Name: "taskchannel", Idioms: []int{32, 33, 34}, Find: find, Protocols: []boundary.Protocol{{Kind: flow.Channel, Reach: boundary.Within}}}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &finder{Unit: u, out: out, ids: map[ssa.Value]string{}, switched: map[*ssa.Function]bool{}, fields: map[string]string{}, calling: map[ssa.Value]bool{}}
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
		f.cases(fn)
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
	fields   map[string]string // channel → the field of what is sent by whose type the receiver goes on
	selected []selected        // cases of the function at hand
	calling  map[ssa.Value]bool
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
	case *types.Interface, *types.Signature, *types.Pointer, *types.Slice, *types.Map:
		return true
	case *types.Basic:
		return u.Info()&types.IsString != 0
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
		} else if h.Kind != eval.Opaque {
			holes = append(holes, h)
		}
	}
	return out, holes
}

// id names a channel by the place where it is made; one line can make several.
func (f *finder) id(m *ssa.MakeChan) string {
	if f.ids[m] == "" {
		at := f.Program.Exe.Fset.PositionFor(m.Pos(), false)
		f.ids[m] = f.Program.Name(m.Parent()) + ":" + strconv.Itoa(at.Line) + ":" + strconv.Itoa(at.Column)
	}
	return f.ids[m]
}

// receive reports fn as the receiver of the channels that instr reads.
func (f *finder) receive(fn *ssa.Function, instr ssa.Instruction, received map[string]bool) {
	switch instr := instr.(type) {
	case *ssa.UnOp:
		if instr.Op == token.ARROW && carriesWork(instr.X.Type()) {
			f.receiver(reception{fn: fn, ch: instr.X, value: instr, at: instr, pos: instr.Pos(), once: !inLoop(instr.Block()), state: -1}, received)
		}
	case *ssa.Select:
		if !inLoop(instr.Block()) {
			return
		}
		for i, st := range instr.States {
			if st.Dir == types.RecvOnly && carriesWork(st.Chan.Type()) {
				f.receiver(reception{fn: fn, ch: st.Chan, value: instr, at: instr, pos: st.Pos, state: i}, received)
			}
		}
	}
}

// reception is one place that receives.
type reception struct {
	fn    *ssa.Function
	ch    ssa.Value
	value ssa.Value // the received value, or the tuple it is in
	at    ssa.Instruction
	pos   token.Pos
	once  bool // not in a loop
	state int  // the case of a select, else -1
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

func (f *finder) receiver(r reception, received map[string]bool) {
	root := f.Eval.Root(r.fn)
	rule := "taskchannel/2"
	if r.once {
		rule = "taskchannel/5"
	}
	var found []string
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole { _, holes := f.made(c, r.ch, root); return holes },
		func(c *eval.Context) {
			chans, _ := f.made(c, r.ch, root)
			for _, m := range chans {
				if r.once && (m.Parent() == r.fn || !kept(m)) {
					continue
				}
				found = append(found, f.id(m))
				received[f.id(m)] = true
				f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
					Kind: flow.Channel, Key: boundary.Key{Path: f.id(m)}, Handlers: []boundary.Handler{{Fn: r.fn}},
					Registered: []boundary.Place{{In: r.fn, Pos: r.pos}}, Rule: rule,
				})
				if r.once {
					f.out.Branches = append(f.out.Branches, boundary.Branch{In: r.fn, Sent: true, Word: f.id(m), Live: callsAfter(r.at)})
				}
				if sel, ok := r.at.(*ssa.Select); ok {
					f.selected = append(f.selected, selected{sel, r.state, f.id(m)})
				}
			}
		})
	if len(found) == 0 {
		return
	}
	f.typeSwitches(r.fn, r.value, 0)
	if name := f.fieldSwitch(r); name != "" {
		for _, id := range found {
			f.fields[id] = name
		}
	}
	f.carried(r.value, 0)
}

// kept reports whether the channel is put into a map where it is made, for
// others to find.
func kept(m *ssa.MakeChan) bool {
	work := []ssa.Value{m}
	for i := 0; i < len(work); i++ {
		for _, r := range *work[i].Referrers() {
			switch r := r.(type) {
			case *ssa.MapUpdate:
				if r.Value == work[i] {
					return true
				}
			case *ssa.ChangeType:
				work = append(work, r)
			}
		}
	}
	return false
}

// callsAfter is the calls that can run after the instruction.
func callsAfter(at ssa.Instruction) []ssa.CallInstruction {
	var out []ssa.CallInstruction
	add := func(instrs []ssa.Instruction) {
		for _, instr := range instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				out = append(out, c)
			}
		}
	}
	block := at.Block()
	add(block.Instrs[slices.Index(block.Instrs, at)+1:])
	seen := map[*ssa.BasicBlock]bool{}
	work := slices.Clone(block.Succs)
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if !seen[b] {
			seen[b] = true
			add(b.Instrs)
			work = append(work, b.Succs...)
		}
	}
	return out
}

// selected is a case of a select statement and the channel it receives from.
type selected struct {
	at    *ssa.Select
	state int
	id    string
}

// cases notes which calls of fn run for a value from each channel that its
// select statements receive from.
func (f *finder) cases(fn *ssa.Function) {
	all := f.selected
	f.selected = nil
	done := map[string]bool{}
	for _, s := range all {
		if !done[s.id] {
			done[s.id] = true
			f.out.Branches = append(f.out.Branches, boundary.Branch{In: fn, Sent: true, Word: s.id, Live: callsOf(fn, func(b *ssa.BasicBlock) []*ssa.BasicBlock {
				return onward(b, all, s.id)
			})})
		}
	}
}

// onward is the blocks to which b goes on when a select has received from the
// channel.
func onward(b *ssa.BasicBlock, all []selected, id string) []*ssa.BasicBlock {
	cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
	if !ok {
		return b.Succs
	}
	cmp, ok := cond.Cond.(*ssa.BinOp)
	if !ok || cmp.Op != token.EQL {
		return b.Succs
	}
	index, ok := cmp.X.(*ssa.Extract)
	k, isConst := cmp.Y.(*ssa.Const)
	if !ok || !isConst || index.Index != 0 {
		return b.Succs
	}
	has, is, other := false, false, false
	for _, s := range all {
		if s.at == index.Tuple {
			has = has || s.id == id
			if s.id == id && s.state == int(k.Int64()) {
				is = true
			} else if s.id == id {
				other = true
			}
		}
	}
	switch {
	case !has || is && other:
		return b.Succs
	case is:
		return b.Succs[:1]
	}
	return b.Succs[1:]
}

// carried notes the calls of functions that are, or stand in, the value.
func (f *finder) carried(value ssa.Value, depth int) {
	if depth > 3 {
		return
	}
	work := []ssa.Value{value}
	add := func(v ssa.Value) {
		if !slices.Contains(work, v) {
			work = append(work, v)
		}
	}
	for i := 0; i < len(work); i++ {
		v := work[i]
		if v.Referrers() == nil || f.calling[v] {
			continue
		}
		f.calling[v] = true
		for _, r := range *v.Referrers() {
			switch r := r.(type) {
			case *ssa.Extract, *ssa.Phi, *ssa.ChangeType, *ssa.TypeAssert, *ssa.Field, *ssa.FieldAddr:
				add(r.(ssa.Value))
			case *ssa.UnOp:
				if r.Op == token.MUL {
					add(r)
				}
			case *ssa.Store:
				if al, ok := r.Addr.(*ssa.Alloc); ok && r.Val == v {
					add(al)
				}
			case ssa.CallInstruction:
				cc := r.Common()
				if cc.Value == v {
					f.out.Carried = append(f.out.Carried, r)
				}
				if callee := cc.StaticCallee(); callee != nil {
					for i, a := range cc.Args {
						if a == v && i < len(callee.Params) {
							f.carried(callee.Params[i], depth+1)
						}
					}
				}
			}
		}
	}
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
			for _, m := range chans {
				holes = append(holes, eval.Holes(f.inField(c, m, c.Eval(x, root)))...)
			}
			if types.IsInterface(x.Type()) || bringsFunctions(x.Type()) {
				values := c.Eval(x, root)
				holes = append(holes, eval.Holes(values)...)
				holes = append(holes, eval.Holes(functionsIn(c, values))...)
			}
			return holes
		},
		func(c *eval.Context) {
			chans, _ := f.made(c, ch, root)
			values := c.Eval(x, root)
			names := typeNames(c.Types(x, root))
			var brings []*ssa.Function
			for _, h := range f.Functions(c, append(functionsIn(c, values), values...)...) {
				brings = append(brings, h.Fn)
			}
			brings = append(brings, f.methods(ch.Type(), values)...)
			for _, m := range chans {
				if !received[f.id(m)] {
					continue
				}
				names := names
				if in := f.inField(c, m, values); len(in) > 0 {
					names = typeNames(typesOf(in))
				}
				for _, name := range names {
					f.out.Departures = append(f.out.Departures, boundary.Departure{
						Kind: flow.Channel, Key: boundary.Key{Name: name, Path: f.id(m)}, In: fn, Pos: pos,
						Via: boundary.Callers(c, root), Rule: "taskchannel/1", Brings: brings,
					})
				}
			}
		})
}

// methods is what the values that are sent on a channel of interfaces have for the
// methods of that interface.
func (f *finder) methods(ch types.Type, values []eval.Value) []*ssa.Function {
	c, ok := ch.Underlying().(*types.Chan)
	if !ok {
		return nil
	}
	iface, ok := c.Elem().Underlying().(*types.Interface)
	if !ok {
		return nil
	}
	var out []*ssa.Function
	for _, v := range values {
		for i := range iface.NumMethods() {
			if m := f.Eval.Method(v, iface.Method(i)); m != nil {
				out = append(out, f.Graph.Through(m)...)
			}
		}
	}
	return out
}

// bringsFunctions reports whether a value of type t can be a function or a
// struct that has one in a field.
func bringsFunctions(t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	switch u := t.Underlying().(type) {
	case *types.Signature:
		return true
	case *types.Struct:
		return len(functionFields(u)) > 0
	}
	return false
}

func functionFields(s *types.Struct) []string {
	var out []string
	for i := range s.NumFields() {
		if _, ok := s.Field(i).Type().Underlying().(*types.Signature); ok {
			out = append(out, s.Field(i).Name())
		}
	}
	return out
}

// functionsIn is what the function fields of the structs among values hold.
func functionsIn(c *eval.Context, values []eval.Value) []eval.Value {
	var out []eval.Value
	for _, v := range values {
		o, ok := v.(eval.Object)
		if !ok || o.T == nil {
			continue
		}
		t := o.T
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		if s, ok := t.Underlying().(*types.Struct); ok {
			for _, name := range functionFields(s) {
				out = append(out, c.Field(o, name)...)
			}
		}
	}
	return out
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
