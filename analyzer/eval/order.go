package eval

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
)

// FieldAt is the values that the named field of what v points to has when
// control is at an instruction of v's function: what the function stored there
// last, or what the field was given elsewhere.
func (c *Context) FieldAt(v ssa.Value, name string, at ssa.Instruction, fr *Frame) []Value {
	i := index.FieldNamed(v.Type(), name)
	if i < 0 {
		return nil
	}
	return c.question().fieldAt(v, i, at, fr)
}

// StoredTo is what is stored to the named field of an object of a library, by whoever
// may have a pointer to it.
func (c *Context) StoredTo(r Result, name string) []Value {
	i := index.FieldNamed(r.T, name)
	if i < 0 {
		return nil
	}
	e := c.question()
	var out []Value
	for _, st := range e.ev.Index.FieldStores(index.Field(r.T, i)) {
		at, ok := st.Addr.(*ssa.FieldAddr)
		if !ok {
			continue
		}
		fr := e.frameOf(st, r.Frame)
		if slices.ContainsFunc(e.aside(at.X, fr), func(v Value) bool {
			x, ok := v.(Result)
			return ok && x.Call == r.Call && sameActivation(x.Frame, r.Frame)
		}) {
			out = append(out, e.eval(st.Val, fr)...)
		}
	}
	return distinct(out)
}

// Changed reports whether the function that makes v, or one that is called with it,
// stores to the named field of what v points to.
func (ev *Evaluator) Changed(v ssa.Value, name string) bool {
	i := index.FieldNamed(v.Type(), name)
	return i >= 0 && slices.ContainsFunc(*v.Referrers(), func(r ssa.Instruction) bool { return ev.changedBy(r, v, i, 0) })
}

func (e *evaluation) fieldAt(v ssa.Value, i int, at ssa.Instruction, fr *Frame) []Value {
	if len(e.changing) > maxFrames {
		e.incomplete = true
		return nil
	}
	e.changing = append(e.changing, at)
	defer func() { e.changing = e.changing[:len(e.changing)-1] }()
	var out []Value
	changes := e.lastChanges(v, i, at)
	for _, change := range changes {
		if c, ok := change.(*ssa.Call); ok && c.Call.StaticCallee() == nil && !slices.Contains(e.changing, change) {
			changes = []ssa.Instruction{c} // a loop over options that is passed by has none
			break
		}
	}
	for _, change := range changes {
		switch c := change.(type) {
		case *ssa.Store:
			out = append(out, e.eval(c.Val, fr)...)
		case *ssa.Call:
			out = append(out, e.fieldAfter(c, v, i, fr)...)
		default:
			out = append(out, e.fieldBefore(v, i, fr)...)
		}
	}
	return distinct(out)
}

// fieldAfter is field i of what v points to when a call returns that is handed v.
func (e *evaluation) fieldAfter(call *ssa.Call, v ssa.Value, i int, fr *Frame) []Value {
	if slices.Contains(e.changing, ssa.Instruction(call)) {
		return nil // it is called in a loop
	}
	fn := call.Call.StaticCallee()
	if fn == nil {
		return e.fieldAfterAll(call, v, i, fr)
	}
	inner := e.ev.Below(fr, call, fn)
	p := fn.Params[slices.Index(call.Call.Args, v)]
	var out []Value
	for _, b := range fn.Blocks {
		if ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok {
			out = append(out, e.fieldAt(p, i, ret, inner)...)
		}
	}
	return out
}

// fieldAfterAll is fieldAfter for a call of functions that are values, as options are:
// each of a list in turn.
func (e *evaluation) fieldAfterAll(call *ssa.Call, v ssa.Value, i int, fr *Frame) []Value {
	before := e.fieldAt(v, i, call, fr)
	frames := []*Frame{fr}
	called := e.part(call.Call.Value, fr)
	if h, ok := called.Element(); ok {
		chosen, whole := e.Context.Spread(h)
		if !whole {
			_, from := e.choices(h)
			if len(from) > 0 {
				return []Value{from[0]}
			}
			e.incomplete = true
		}
		frames = nil
		for _, c := range chosen {
			frames = append(frames, c.BindFrame(fr))
		}
	}
	var stored []placed
	n := slices.Index(call.Call.Args, v)
	for _, at := range frames {
		for _, x := range e.part(call.Call.Value, at).Values {
			f, ok := x.(Func)
			if !ok || n >= len(f.Fn.Params) {
				continue
			}
			for _, a := range fieldAddrs(f.Fn.Params[n], i) {
				for _, st := range index.StoresTo(a) {
					stored = append(stored, placed{st, e.ev.enter(f.Fn, call, at, &f)})
				}
			}
		}
	}
	if isSlice(index.Field(v.Type(), i).Type()) {
		return e.grownBy(before, stored)
	}
	for _, p := range stored {
		before = append(before, e.eval(p.store.Val, p.frame)...)
	}
	return distinct(before)
}

// fieldBefore is field i of what v points to when control enters the function, or
// when v is made in it.
func (e *evaluation) fieldBefore(v ssa.Value, i int, fr *Frame) []Value {
	if p, ok := v.(*ssa.Parameter); ok {
		call, up := e.Caller(fr)
		if c, ok := call.(*ssa.Call); ok && !slices.Contains(e.changing, ssa.Instruction(c)) {
			if arg := Argument(c, slices.Index(p.Parent().Params, p)); arg != nil && types.Identical(arg.Type(), v.Type()) {
				return e.fieldAt(arg, i, c, up)
			}
		}
	}
	return e.fieldOrZero(v, i, fr)
}

// changes reports whether a call hands v to a function that stores to field i of it
// or hands it on to one that does.
func (ev *Evaluator) changes(call *ssa.Call, v ssa.Value, i, depth int) bool {
	n := slices.Index(call.Call.Args, v)
	if n < 0 || depth > maxAliases || call.Call.IsInvoke() {
		return false
	}
	fns := []*ssa.Function{call.Call.StaticCallee()}
	if fns[0] == nil {
		fns = nil
		if s := ev.Graph.At(call); s != nil {
			fns = s.Callees
		}
	}
	return slices.ContainsFunc(fns, func(fn *ssa.Function) bool {
		if fn.Blocks == nil || n >= len(fn.Params) {
			return false
		}
		p := fn.Params[n]
		return slices.ContainsFunc(*p.Referrers(), func(r ssa.Instruction) bool { return ev.changedBy(r, p, i, depth+1) })
	})
}

// changedBy reports whether an instruction that refers to v stores to field i of it, or
// hands it to a function that does.
func (ev *Evaluator) changedBy(r ssa.Instruction, v ssa.Value, i, depth int) bool {
	switch r := r.(type) {
	case *ssa.FieldAddr:
		return r.Field == i && len(index.StoresTo(r)) > 0
	case *ssa.Call:
		return ev.changes(r, v, i, depth)
	}
	return false
}

// fieldOrZero is field i of what v points to: its zero value where nothing was
// stored to it.
func (e *evaluation) fieldOrZero(v ssa.Value, i int, fr *Frame) []Value {
	bases := e.eval(v, fr)
	out := e.fieldsOf(bases, v, i)
	f := index.Field(v.Type(), i)
	for _, b := range bases {
		if o, ok := b.(Object); !ok || len(out) > 0 || !e.unset(o, maxFrames) {
			return out
		}
	}
	return zero(f.Type())
}

// unset reports whether the variable o was made in the program, and only of
// variables that were: a part of it that nothing was stored to is zero.
func (e *evaluation) unset(o Object, depth int) bool {
	var stores []*ssa.Store
	switch s := o.Site.(type) {
	case *ssa.Global:
		stores = e.ev.Index.GlobalStores(s)
	case *ssa.Alloc:
		for _, r := range *s.Referrers() {
			if _, ok := r.(*ssa.MakeInterface); ok {
				return false // a decoder may have filled it
			}
		}
		for n := range len(o.Path) + 1 {
			stores = append(stores, fieldStores(s, o.Path[:n])...)
		}
	default:
		return false
	}
	for _, st := range stores {
		for _, v := range e.eval(st.Val, e.frameOf(st, o.Frame)) {
			if from, ok := v.(Object); !ok || depth == 0 || !e.unset(from, depth-1) {
				return false
			}
		}
	}
	return true
}

// lastChanges is the stores to field i of what v points to, and the calls that make
// some, that can be the last one when control comes to an instruction; nil among
// them says that there may have been none. Stores through other operands are not
// seen.
func (e *evaluation) lastChanges(v ssa.Value, i int, at ssa.Instruction) []ssa.Instruction {
	byBlock := map[*ssa.BasicBlock][]ssa.Instruction{}
	for _, same := range append(sameLoads(v), v) {
		for _, a := range fieldAddrs(same, i) {
			for _, st := range index.StoresTo(a) {
				if st.Parent() == at.Parent() {
					byBlock[st.Block()] = append(byBlock[st.Block()], st)
				}
			}
		}
	}
	if v.Referrers() != nil {
		for _, r := range *v.Referrers() {
			if call, ok := r.(*ssa.Call); ok && e.ev.changes(call, v, i, 0) {
				byBlock[call.Block()] = append(byBlock[call.Block()], call)
			}
		}
	}
	if len(byBlock) == 0 {
		return []ssa.Instruction{nil}
	}
	var out []ssa.Instruction
	seen := map[*ssa.BasicBlock]bool{}
	var walk func(b *ssa.BasicBlock, before int)
	found := func(change ssa.Instruction) {
		if !slices.Contains(out, change) {
			out = append(out, change)
		}
	}
	walk = func(b *ssa.BasicBlock, before int) {
		for n := before - 1; n >= 0; n-- {
			if slices.Contains(byBlock[b], b.Instrs[n]) {
				found(b.Instrs[n])
				return
			}
			if made, ok := b.Instrs[n].(ssa.Value); ok && made == v && sameLoads(v) == nil {
				found(nil)
				return
			}
		}
		if len(b.Preds) == 0 {
			found(nil)
		}
		for _, p := range b.Preds {
			if !seen[p] {
				seen[p] = true
				walk(p, len(p.Instrs))
			}
		}
	}
	b := at.Block()
	walk(b, slices.Index(b.Instrs, at))
	return out
}

// fieldAddrs is the addresses of field i of what v points to.
func fieldAddrs(v ssa.Value, i int) []*ssa.FieldAddr {
	var out []*ssa.FieldAddr
	if v.Referrers() == nil {
		return nil
	}
	for _, r := range *v.Referrers() {
		if a, ok := r.(*ssa.FieldAddr); ok && a.Field == i && a.X == v {
			out = append(out, a)
		}
	}
	return out
}

// sameLoads is the loads of the field that v was loaded from: each mention of
// req.URL is one.
func sameLoads(v ssa.Value) []ssa.Value {
	load, ok := v.(*ssa.UnOp)
	if !ok {
		return nil
	}
	from, ok := load.X.(*ssa.FieldAddr)
	if !ok {
		return nil
	}
	return loadsOf(from.X, from.Field)
}

func loadsOf(v ssa.Value, i int) []ssa.Value {
	var out []ssa.Value
	for _, a := range fieldAddrs(v, i) {
		for _, r := range *a.Referrers() {
			if l, ok := r.(*ssa.UnOp); ok && l.X == a {
				out = append(out, l)
			}
		}
	}
	return out
}
