package eval

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
)

// copied is the field of the structs that were assigned to the variable as a
// whole.
func (e *evaluation) copied(stores []*ssa.Store, o Object, path []int, t types.Type) []Value {
	var out []Value
	for _, st := range e.alive(stores, o.Frame) {
		for _, v := range e.eval(st.Val, e.frameOf(st, o.Frame)) {
			out = append(out, e.fieldIn(v, o, path, t)...)
		}
	}
	return out
}

// fieldIn is the field of v, which was assigned to o or a part of it as a whole.
func (e *evaluation) fieldIn(v Value, o Object, path []int, t types.Type) []Value {
	switch v := v.(type) {
	case Object:
		if v.Site != o.Site || v.Frame != o.Frame {
			v.Path = append(slices.Clone(v.Path), path[:len(path)-1]...)
			return e.fieldOf(v, path[len(path)-1], t)
		}
	case Hole:
		if v.Kind != Opaque {
			return []Value{v} // the struct is chosen first
		}
	case Result:
		if len(path) == 1 {
			return e.fieldOfResult(v, path[0])
		}
	}
	return nil
}

// assignedLater is copied for the parts of o that are assigned through a parameter
// which points to it.
func (e *evaluation) assignedLater(o Object, path []int, elem, t types.Type) []Value {
	var out []Value
	for n := 1; n < len(path); n++ {
		owner := ownerType(elem, path[:n-1])
		if owner == nil {
			continue
		}
		holder := Object{Site: o.Site, Frame: o.Frame, Path: path[:n-1]}
		for _, st := range e.ev.Index.FieldStores(index.Field(owner, path[n-1])) {
			part, base, ok := target(holder, path[n-1], st.Addr)
			p, passed := base.(*ssa.Parameter)
			if !ok || !passed || modelled(p.Type()) {
				continue
			}
			frames, whole := e.aliases(p, part, 0)
			e.incomplete = e.incomplete || !whole
			for _, fr := range frames {
				for _, v := range e.eval(st.Val, fr) {
					out = append(out, e.fieldIn(v, o, path[n:], t)...)
				}
			}
		}
	}
	return out
}

// assigned reports whether a struct that holds the field at path was assigned to
// o as a whole of which not everything is known: others made it, or can write to it.
func (e *evaluation) assigned(o Object, path []int) bool {
	stores := index.StoresTo(o.Site)
	for n := 1; n < len(path); n++ {
		stores = append(stores[:len(stores):len(stores)], fieldStores(o.Site, path[:n])...)
	}
	return slices.ContainsFunc(e.alive(stores, o.Frame), func(st *ssa.Store) bool {
		values := e.eval(st.Val, e.frameOf(st, o.Frame))
		return slices.ContainsFunc(values, written)
	})
}

// written reports whether a library may have given a struct its fields: it was
// handed the variable that is read, as a decoder is.
func written(v Value) bool {
	o, ok := v.(Object)
	if !ok || o.Site.Referrers() == nil {
		return false
	}
	return slices.ContainsFunc(*o.Site.Referrers(), func(r ssa.Instruction) bool {
		_, boxed := r.(*ssa.MakeInterface)
		return boxed
	})
}
