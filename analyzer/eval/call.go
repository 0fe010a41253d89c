package eval

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/program"
)

// call is result i of a call: what the callee returns, or what the model of a
// library function says.
func (e *evaluation) call(v *ssa.Call, i int, fr *Frame) []Value {
	cc := &v.Call
	if b, ok := cc.Value.(*ssa.Builtin); ok {
		switch b.Name() {
		case "append":
			return e.appended(v, fr)
		case "ssa:wrapnilchk": // in a wrapper of a method of values, of the pointer it is called on
			return e.eval(cc.Args[0], fr)
		}
		return opaque(v)
	}
	if out := e.pathValue(v, i, fr); out != nil {
		return out
	}
	if static := cc.StaticCallee(); static != nil {
		if _, ok := cc.Value.(*ssa.MakeClosure); !ok {
			return e.result(v, i, static, nil, fr)
		}
	}
	if cc.IsInvoke() {
		return e.invoked(v, i, fr)
	}
	var out []Value
	for _, f := range e.eval(cc.Value, fr) {
		switch f := f.(type) {
		case Func:
			if f.Fn.Signature.Results().Len() != cc.Signature().Results().Len() {
				e.incomplete = true // what is called here is another function than the one that was found
				continue
			}
			out = append(out, e.result(v, i, f.Fn, &f, fr)...)
		case Hole:
			if f.Kind != Opaque {
				f.T = v.Type()
				return []Value{f}
			}
		}
	}
	if len(out) == 0 {
		return e.unknownResult(v, i, fr)
	}
	return distinct(out)
}

// invoked is the result of an interface call: of the method of the receiver's
// concrete type where that is known, else of every callee in the call graph.
func (e *evaluation) invoked(v *ssa.Call, i int, fr *Frame) []Value {
	cc := &v.Call
	if cc.Method.Name() == "Value" && cc.Method.FullName() == "(context.Context).Value" {
		if out := e.fromContext(v); out != nil {
			return out
		}
	}
	var out []Value
	recvs := e.eval(cc.Value, fr)
	var concrete []*ssa.Function
	for _, r := range recvs {
		if h, ok := r.(Hole); ok && h.Kind == Element {
			return []Value{Hole{V: h.V, Frame: h.Frame, Kind: Element, T: v.Type()}}
		}
		if m := e.ev.Method(r, cc.Method); m != nil {
			concrete = append(concrete, m)
		}
	}
	if len(concrete) == 0 || len(concrete) < len(recvs) {
		if s := e.ev.Graph.At(v); s != nil && len(s.Callees) <= maxValues {
			concrete = append(concrete, s.Callees...)
		}
	}
	seen := map[*ssa.Function]bool{}
	for _, m := range concrete {
		if !seen[m] {
			seen[m] = true
			out = append(out, e.result(v, i, m, nil, fr)...)
		}
	}
	if len(out) == 0 {
		return e.unknownResult(v, i, fr)
	}
	return distinct(out)
}

// Method is the method of the value's concrete type, nil when the type is not
// known.
func (ev *Evaluator) Method(v Value, m *types.Func) *ssa.Function {
	t := v.Type()
	if t == nil {
		return nil
	}
	for _, t := range []types.Type{t, types.NewPointer(t)} {
		if types.IsInterface(t) {
			continue
		}
		if sel := ev.methods.MethodSet(t).Lookup(m.Pkg(), m.Name()); sel != nil {
			return ev.Program.SSA.MethodValue(sel)
		}
	}
	return nil
}

// model is modelOf, remembered.
func (ev *Evaluator) model(fn *ssa.Function) model {
	m, ok := ev.models[fn]
	if !ok {
		m = modelOf(program.Symbol(fn))
		ev.models[fn] = m
	}
	return m
}

// result is what fn, called by v, returns as result i.
func (e *evaluation) result(v *ssa.Call, i int, fn *ssa.Function, clo *Func, fr *Frame) []Value {
	if l, ok := e.ev.lookups[fn]; ok && i == 0 {
		if out, ok := e.lookedUp(l, v, fr); ok {
			return out
		}
	}
	if m := e.ev.model(fn); m != nil {
		if v.Call.StaticCallee() != fn {
			return e.unknownResult(v, i, fr) // an interface call has its receiver elsewhere
		}
		return m(e, v, i, fr)
	}
	if fn.Blocks == nil || depthOf(fr) > maxFrames {
		return e.unknownResult(v, i, fr)
	}
	inner := e.ev.enter(fn, v, fr, clo)
	e.decide(inner)
	var out []Value
	excluded := false
	for _, r := range returns(fn) {
		if i >= len(r.Results) || isNil(r.Results[i]) {
			e.null = true
			continue
		}
		if inner.dead(r) || e.excluded(r.Block(), inner) {
			excluded = true
			continue
		}
		if e.running(r.Results[i], inner) {
			continue
		}
		if found, ok := e.foundBy(r, inner); ok {
			for _, in := range found {
				out = append(out, e.eval(r.Results[i], in)...)
			}
			continue
		}
		out = append(out, e.eval(r.Results[i], inner)...)
	}
	if t := v.Call.Signature().Results().At(i).Type(); len(out) == 0 && excluded && e.null && types.IsInterface(t) {
		return []Value{Hole{V: ssa.NewConst(nil, t), T: t}}
	}
	if len(out) == 0 {
		return e.unknownResult(v, i, fr)
	}
	return distinct(out)
}

// decide finds out which blocks of a short function can run in fr, where a request
// or a command line is known that may tell.
func (e *evaluation) decide(fr *Frame) {
	if fr.decided || len(fr.Fn.Blocks) < 2 || len(fr.Fn.Blocks) > predicateSize || !fr.Asked() {
		return
	}
	fr.decided = true
	steps := *e.steps
	(&Decisions{e: &evaluation{Context: e.Context, active: e.active, parting: e.parting}, steps: new(int), calls: maxPredicates}).Live(fr)
	*e.steps = max(steps, *e.steps)
}

// maxGuards is how many conditions a return is looked at to stand behind: as many
// as a switch over kinds has cases.
const maxGuards = 24

// excluded reports whether control cannot come to a block, because a condition
// before it asks for another text than the argument that is known: where
// v.Name() == word, or case "a".
func (e *evaluation) excluded(b *ssa.BasicBlock, fr *Frame) bool {
	for range maxGuards {
		if b == nil {
			return false
		}
		if len(b.Preds) == 1 && e.refuted(b.Preds[0], b, fr) {
			return true
		}
		b = b.Idom()
	}
	return false
}

// refuted reports whether a block surely does not go on to another, where that
// depends on a text that is compared with an argument.
func (e *evaluation) refuted(from, to *ssa.BasicBlock, fr *Frame) bool {
	branch, ok := from.Instrs[len(from.Instrs)-1].(*ssa.If)
	if !ok || from.Succs[0] == from.Succs[1] {
		return false
	}
	cmp, ok := branch.Cond.(*ssa.BinOp)
	if !ok || cmp.Op != token.EQL && cmp.Op != token.NEQ || !isString(cmp.X.Type()) {
		return false
	}
	// The argument first: where it is not known the other side need not be.
	word, other := cmp.X, cmp.Y
	if _, argument := word.(*ssa.Parameter); !argument {
		word, other = other, word
	}
	if _, argument := word.(*ssa.Parameter); !argument {
		return false
	}
	s, known := e.textAside(word, fr)
	if !known {
		return false
	}
	t, known := e.textAside(other, fr)
	return known && (to == from.Succs[0]) != ((s == t) == (cmp.Op == token.EQL))
}

// textAside is the one constant text that v is.
func (e *evaluation) textAside(v ssa.Value, fr *Frame) (string, bool) {
	values := e.aside(v, fr)
	if len(values) != 1 {
		return "", false
	}
	return AsText(values[0]).Const()
}

// returns is the return statements of fn that give a result: those that give
// only an error with a zero value beside it are left out when there are others.
func returns(fn *ssa.Function) []*ssa.Return {
	var all, good []*ssa.Return
	for _, b := range fn.Blocks {
		r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok {
			continue
		}
		all = append(all, r)
		if n := len(r.Results); n < 2 || !isErrorType(r.Results[n-1].Type()) || isNil(r.Results[n-1]) || !zeroConst(r.Results[0]) {
			good = append(good, r)
		}
	}
	if len(good) == 0 {
		return all
	}
	return good
}

func isErrorType(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// zeroConst reports whether v is a constant of its type's zero value.
func zeroConst(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	if !ok {
		return false
	}
	return c.Value == nil || c.Value.Kind() == constant.String && constant.StringVal(c.Value) == ""
}

func depthOf(fr *Frame) int {
	n := 0
	for ; fr != nil; fr = fr.Up {
		n++
	}
	return n
}

func isNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.IsNil()
}

func (e *evaluation) unknownResult(v *ssa.Call, i int, fr *Frame) []Value {
	t := v.Type()
	if tuple, ok := t.(*types.Tuple); ok {
		if i >= tuple.Len() {
			return opaque(v)
		}
		t = tuple.At(i).Type()
	}
	return []Value{Result{Call: v, Index: i, Frame: fr, T: t}}
}
