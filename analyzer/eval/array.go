package eval

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
)

// isArray reports whether t points to an array.
func isArray(t types.Type) bool {
	p, ok := t.Underlying().(*types.Pointer)
	if !ok {
		return false
	}
	_, ok = p.Elem().Underlying().(*types.Array)
	return ok
}

// array is the elements of an array that a variable keeps, of which v is the address or
// the value.
func (e *evaluation) array(v ssa.Value, fr *Frame) (List, bool) {
	if load, ok := v.(*ssa.UnOp); ok && load.Op == token.MUL && isArray(load.X.Type()) {
		v = load.X
	}
	if !isArray(v.Type()) {
		return List{}, false
	}
	var stores []*ssa.Store
	switch v := v.(type) {
	case *ssa.Alloc:
		if stores = index.StoresTo(v); len(stores) == 0 {
			return arrayElems(v, fr), true
		}
	case *ssa.Global:
		stores = e.ev.Index.GlobalStores(v)
		e.incomplete = e.incomplete || e.ev.Index.Addressed(v)
	}
	if len(stores) == 1 {
		return e.array(stores[0].Val, e.frameOf(stores[0], fr))
	}
	return List{}, false
}

// ofArray is what the array at an address has at place i: what was stored there, or
// in the arrays that were assigned to it as a whole.
func (e *evaluation) ofArray(addr ssa.Value, i int, fr *Frame) []Value {
	return e.placeIn(addr, i, fr, map[elemKey]bool{})
}

// placeIn is ofArray; seen are the arrays that were assigned on the way, which may be
// assigned to each other.
func (e *evaluation) placeIn(addr ssa.Value, i int, fr *Frame, seen map[elemKey]bool) []Value {
	k := elemKey{addr, fr}
	if seen[k] {
		return nil
	}
	if *e.steps++; *e.steps > e.limit() {
		e.cuts++
		e.incomplete = true
		return nil
	}
	seen[k] = true
	var stores []*ssa.Store
	made := fr
	switch a := addr.(type) {
	case *ssa.Alloc:
		if elems := arrayElems(a, fr).Elems; i < len(elems) && !elems[i].Rest {
			return e.elem(elems[i])
		}
		stores = index.StoresTo(a)
	case *ssa.FieldAddr:
		for _, v := range e.eval(a.X, fr) {
			if o, ok := v.(Object); ok {
				stores = append(stores, fieldStores(o.Site, append(slices.Clone(o.Path), a.Field))...)
				made = o.Frame
			}
		}
		if len(stores) == 0 {
			stores = e.ev.Index.FieldStores(fieldVar(a))
		}
	}
	var out []Value
	for _, st := range stores {
		if load, ok := st.Val.(*ssa.UnOp); ok && load.Op == token.MUL && load.X != addr {
			out = append(out, e.placeIn(load.X, i, e.frameOf(st, made), seen)...)
		} else {
			e.incomplete = true
		}
	}
	return out
}
