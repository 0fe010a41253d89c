package eval

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
)

// field decides field i of what x is or points to.
func (d *Decisions) field(x ssa.Value, i int, fr *Frame) ([]fact, bool) {
	if f := index.Field(x.Type(), i); d.e.ev.neverSet(f) {
		return zeroFact(f.Type()), true
	}
	e := d.eval()
	bases := e.eval(x, fr)
	if !e.whole() {
		if len(bases) == 1 {
			return d.received(bases[0], index.Field(x.Type(), i))
		}
		return nil, false
	}
	var out []fact
	for _, b := range bases {
		if given, ok := b.(Outside); ok {
			f := index.Field(x.Type(), i)
			if f == nil || given.Fields[f.Name()] == nil {
				return nil, false
			}
			facts, ok := known(Answer{Values: []Value{given.Fields[f.Name()]}, Complete: true})
			if !ok {
				return nil, false
			}
			out = append(out, facts...)
			continue
		}
		if zeroStruct(b) {
			out = append(out, zeroFact(index.Field(x.Type(), i).Type())...)
			continue
		}
		o, ok := b.(Object)
		if !ok {
			return nil, false
		}
		facts, ok := d.fieldOf(o, i)
		if !ok {
			return nil, false
		}
		out = append(out, facts...)
	}
	return out, len(out) > 0
}

// fieldOf decides field i of one object, if every store that can reach it is
// known.
func (d *Decisions) fieldOf(o Object, i int) ([]fact, bool) {
	if d.depth > maxDecided {
		return nil, false
	}
	d.depth++
	defer func() { d.depth-- }()
	site, ok := o.Site.Type().Underlying().(*types.Pointer)
	if !ok {
		return nil, false
	}
	owner := ownerType(site.Elem(), o.Path)
	if owner == nil {
		return nil, false
	}
	f := index.Field(owner, i)
	x := d.e.ev.Index
	path := append(slices.Clone(o.Path), i)
	if f != nil {
		if out, ok := d.flagged(o, path, f); ok {
			return out, true
		}
		if out, ok := d.decoded(o, path, f, owner); ok {
			return out, true
		}
	}
	if f == nil || x.Open(f) || len(d.e.ev.flagVariable(f)) > 0 {
		return nil, false
	}
	var out []fact
	initialized := false
	own := map[*ssa.Store]bool{}
	for _, st := range fieldStores(o.Site, path) {
		own[st] = true
	}
	for _, st := range x.FieldStores(f) {
		if !own[st] && d.misses(st, o) {
			continue
		}
		if !own[st] {
			return nil, false
		}
		fr := d.e.frameOf(st, o.Frame)
		facts, ok := d.elsewhere().facts(st.Val, fr)
		if !ok {
			return nil, false
		}
		out = append(out, facts...)
		if instr, ok := o.Site.(ssa.Instruction); ok && instr.Block() == st.Block() {
			initialized = true
		}
	}
	whole, ok := d.copies(o, path)
	if !ok {
		return nil, false
	}
	if len(whole) > 0 {
		return append(out, whole...), true
	}
	if !initialized {
		out = append(out, zeroFact(f.Type())...)
	}
	return out, len(out) > 0
}

// zeroStruct reports whether v is a struct that nothing was put into.
func zeroStruct(v Value) bool {
	h, ok := v.(Hole)
	if !ok {
		return false
	}
	c, ok := h.V.(*ssa.Const)
	if !ok || c.IsNil() {
		return false
	}
	_, ok = c.Type().Underlying().(*types.Struct)
	return ok
}

// misses reports whether a store to a field surely goes to another object.
func (d *Decisions) misses(st *ssa.Store, o Object) bool {
	switch b := baseOf(st.Addr).(type) {
	case *ssa.Alloc, *ssa.Global:
		return b != o.Site
	case *ssa.FreeVar:
		return b != o.Site && addressedAs(b) != o.Site
	}
	return false
}

// addressedAs is the variable that a literal captured, nil when it is not one.
func addressedAs(fv *ssa.FreeVar) ssa.Value {
	fn := fv.Parent()
	if fn.Parent() == nil {
		return nil
	}
	i := slices.Index(fn.FreeVars, fv)
	for _, b := range fn.Parent().Blocks {
		for _, instr := range b.Instrs {
			if mc, ok := instr.(*ssa.MakeClosure); ok && mc.Fn == fn {
				if inner, ok := mc.Bindings[i].(*ssa.FreeVar); ok {
					return addressedAs(inner)
				}
				return mc.Bindings[i]
			}
		}
	}
	return nil
}

// copies decides the field of the structs that were assigned to o as a whole.
func (d *Decisions) copies(o Object, path []int) (out []fact, ok bool) {
	var stores []*ssa.Store
	switch s := o.Site.(type) {
	case *ssa.Global:
		stores = d.e.ev.Index.GlobalStores(s)
	case *ssa.Alloc:
		stores = index.StoresTo(s)
	default:
		return nil, false
	}
	for _, st := range stores {
		e := d.eval()
		values := e.eval(st.Val, d.e.frameOf(st, o.Frame))
		if !e.whole() {
			return nil, false
		}
		for _, v := range values {
			if zeroStruct(v) {
				t := o.Site.Type().Underlying().(*types.Pointer).Elem()
				if owner := ownerType(t, path[:len(path)-1]); owner != nil {
					out = append(out, zeroFact(index.Field(owner, path[len(path)-1]).Type())...)
					continue
				}
			}
			src, isObject := v.(Object)
			if !isObject || src.Site == o.Site && src.Frame == o.Frame {
				return nil, false
			}
			src.Path = append(slices.Clone(src.Path), path[:len(path)-1]...)
			facts, ok := d.fieldOf(src, path[len(path)-1])
			if !ok {
				return nil, false
			}
			out = append(out, facts...)
		}
	}
	return out, true
}
