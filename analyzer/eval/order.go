package eval

import (
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

func (e *evaluation) fieldAt(v ssa.Value, i int, at ssa.Instruction, fr *Frame) []Value {
	var out []Value
	for _, st := range lastStores(v, i, at) {
		if st == nil {
			out = append(out, e.fieldOrZero(v, i, fr)...)
			continue
		}
		out = append(out, e.eval(st.Val, fr)...)
	}
	return distinct(out)
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

// lastStores is the stores to field i of what v points to that can be the last
// one when control comes to an instruction; nil among them says that there may
// have been none. Stores through other operands are not seen.
func lastStores(v ssa.Value, i int, at ssa.Instruction) []*ssa.Store {
	byBlock := map[*ssa.BasicBlock][]*ssa.Store{}
	for _, same := range append(sameLoads(v), v) {
		for _, a := range fieldAddrs(same, i) {
			for _, st := range index.StoresTo(a) {
				if st.Parent() == at.Parent() {
					byBlock[st.Block()] = append(byBlock[st.Block()], st)
				}
			}
		}
	}
	if len(byBlock) == 0 {
		return []*ssa.Store{nil}
	}
	var out []*ssa.Store
	seen := map[*ssa.BasicBlock]bool{}
	var walk func(b *ssa.BasicBlock, before int)
	found := func(st *ssa.Store) {
		if !slices.Contains(out, st) {
			out = append(out, st)
		}
	}
	walk = func(b *ssa.BasicBlock, before int) {
		for n := before - 1; n >= 0; n-- {
			if st, ok := b.Instrs[n].(*ssa.Store); ok && slices.Contains(byBlock[b], st) {
				found(st)
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
