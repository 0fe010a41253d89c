package eval

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
)

// load is what the variable at an address can hold.
func (e *evaluation) load(v *ssa.UnOp, fr *Frame) []Value {
	switch a := v.X.(type) {
	case *ssa.FieldAddr:
		if modelled(a.X.Type()) {
			return e.fieldAt(a.X, a.Field, v, fr)
		}
		return e.fieldsOf(e.eval(a.X, fr), a.X, a.Field)
	case *ssa.IndexAddr:
		return e.element(a, fr)
	}
	if isArgs(v.X) {
		return typed(fr)
	}
	var out []Value
	for _, at := range e.eval(v.X, fr) {
		if r, ok := at.(Result); ok {
			if def := e.flagPointer(r); def != nil {
				out = append(out, def...)
				continue
			}
		}
		o, ok := at.(Object)
		if !ok {
			if h, ok := at.(Hole); ok {
				h.T = v.Type()
				at = h
			}
			out = append(out, at)
			continue
		}
		out = append(out, e.contents(o, v.Type())...)
	}
	return distinct(out)
}

// contents is what is stored in the variable o of type t as a whole. A struct
// stands for itself: its fields are looked up when they are asked for.
func (e *evaluation) contents(o Object, t types.Type) []Value {
	if _, ok := t.Underlying().(*types.Struct); ok {
		return []Value{Object{Site: o.Site, Frame: o.Frame, Path: o.Path, T: t}}
	}
	if len(o.Path) > 0 {
		return e.fieldOf(Object{Site: o.Site, Frame: o.Frame, Path: o.Path[:len(o.Path)-1]}, o.Path[len(o.Path)-1], t)
	}
	var stores []*ssa.Store
	switch s := o.Site.(type) {
	case *ssa.Global:
		stores = e.ev.Index.GlobalStores(s)
		e.incomplete = e.incomplete || e.ev.Index.Addressed(s)
	default:
		stores = index.StoresTo(s)
		e.incomplete = e.incomplete || addressed(s)
	}
	stores = e.alive(stores, o.Frame)
	flags := e.flagged(o.Site)
	if len(stores) == 0 && len(flags) == 0 {
		return zero(t)
	}
	if _, ok := t.Underlying().(*types.Slice); ok {
		return e.grown(stores, o)
	}
	if len(stores) == 1 && len(flags) == 0 {
		return e.eval(stores[0].Val, e.frameOf(stores[0], o.Frame))
	}
	out, end := e.stored(stores, func(st *ssa.Store) *Frame { return e.frameOf(st, o.Frame) })
	return ended(append(out, flags...), end)
}

// alive is the stores that can run, to a variable that was made in fr.
func (e *evaluation) alive(stores []*ssa.Store, fr *Frame) []*ssa.Store {
	if fr == nil || fr.live == nil {
		return stores
	}
	return slices.DeleteFunc(slices.Clone(stores), func(st *ssa.Store) bool { return fr.dead(st) })
}

// frameOf is the frame in which a store to a variable made in fr ran: the same
// activation, or the root frame of the literal or function it stands in.
func (e *evaluation) frameOf(st ssa.Instruction, fr *Frame) *Frame {
	if fr != nil && st.Parent() == fr.Fn {
		return fr
	}
	return e.ev.Root(st.Parent())
}

func zero(t types.Type) []Value {
	switch {
	case isString(t):
		return []Value{Text{}}
	case isSlice(t):
		return []Value{List{}}
	}
	return nil
}

func isSlice(t types.Type) bool { _, ok := t.Underlying().(*types.Slice); return ok }

// parts is the address of a field, as the part of the objects it belongs to.
func (e *evaluation) parts(v *ssa.FieldAddr, fr *Frame) []Value {
	var out []Value
	for _, b := range e.eval(v.X, fr) {
		if o, ok := b.(Object); ok {
			out = append(out, Object{
				Site: o.Site, Frame: o.Frame, Path: append(slices.Clone(o.Path), v.Field),
				T: v.Type(),
			})
		}
	}
	if len(out) == 0 && modelled(v.Type()) {
		return e.eval(v.X, fr) // the URL of an object that a caller chooses
	}
	if len(out) == 0 {
		return opaque(v)
	}
	return distinct(out)
}

// fieldsOf is the values of field i of each base; x is the operand the bases
// were found for.
func (e *evaluation) fieldsOf(bases []Value, x ssa.Value, i int) []Value {
	var out []Value
	unknown := false
	for _, b := range bases {
		switch b := b.(type) {
		case Object:
			f := index.Field(x.Type(), i)
			out = append(out, e.fieldOf(b, i, f.Type())...)
		case Result:
			out = append(out, e.fieldOfResult(b, i)...)
		case Text:
			out = append(out, e.fieldOfText(b, x, i)...)
		case Outside:
			f := index.Field(x.Type(), i)
			known := b.Fields[f.Name()]
			if known == nil {
				e.incomplete = true
				return []Value{Hole{V: x, T: f.Type()}}
			}
			out = append(out, known)
		case Hole:
			if f := index.Field(x.Type(), i); zeroStruct(b) && nilable(f.Type()) {
				e.null = true
				out = append(out, nothing(f.Type()))
				continue
			}
			if b.Kind == Element || b.Kind == Param && (!types.Identical(b.V.Type(), x.Type()) || e.undecided(b)) {
				return []Value{b} // it is made from a value that is not chosen yet
			}
			unknown = true
		default:
			unknown = true
		}
	}
	if unknown && len(out) == 0 && modelled(x.Type()) {
		for _, b := range bases {
			if h, ok := b.(Hole); ok && h.Kind == Param {
				return []Value{h}
			}
		}
		return []Value{Hole{V: x, T: index.Field(x.Type(), i).Type()}}
	}
	if unknown && len(out) == 0 {
		return e.anyField(x, i)
	}
	return distinct(out)
}

// nothing is nil of type t.
func nothing(t types.Type) Value { return Hole{V: ssa.NewConst(nil, t), T: t} }

// undecided reports whether callers are still to be chosen for an argument, as for
// a request that is made by those who have it sent. Of a receiver any of its type
// is as good: who made a client says nothing about what is asked of it.
func (e *evaluation) undecided(h Hole) bool {
	return !receiver(h.V) && e.pickedFor(elemKey{h.V, h.Frame}) == nil
}

// place is the fields that lead to field i of a part.
func place(path []int, i int) string {
	b := make([]byte, 0, 2*len(path)+2)
	for _, n := range path {
		b = append(b, byte(n), byte(n>>8))
	}
	return string(append(b, byte(i), byte(i>>8)))
}

// partKey names a part of an object.
type partKey struct {
	site  ssa.Value
	frame *Frame
	path  string
}

// fieldOf is the values of field i, of type t, of the object o: those stored
// where it was made, and those stored later through a pointer that may be it.
func (e *evaluation) fieldOf(o Object, i int, t types.Type) []Value {
	k := partKey{o.Site, o.Frame, place(o.Path, i)}
	if *e.steps++; e.parting[k] || *e.steps > e.limit() {
		e.incomplete = true
		e.cuts++ // a is a copy of b and b of a
		return nil
	}
	e.parting[k] = true
	defer delete(e.parting, k)
	if e.fixed && tagged(o, i) {
		return settable()
	}
	var out []Value
	path := append(slices.Clone(o.Path), i)
	var elem types.Type
	switch s := o.Site.(type) {
	default:
		elem = s.Type().Underlying().(*types.Pointer).Elem()
		stores := e.alive(fieldStores(s, path), o.Frame)
		if isSlice(t) && slices.ContainsFunc(stores, func(st *ssa.Store) bool { return isBuiltin(st.Val, "append") }) {
			out, stores = e.grown(stores, o), nil
		}
		own, end := e.stored(stores, func(st *ssa.Store) *Frame { return e.frameOf(st, o.Frame) })
		out = append(append(out, own...), e.copied(index.StoresTo(s), o, path, t)...)
		for n := 1; n < len(path); n++ {
			out = append(out, e.copied(fieldStores(s, path[:n]), o, path[n:], t)...)
		}
		out = ended(out, end)
	case *ssa.Global:
		elem = s.Type().Underlying().(*types.Pointer).Elem()
		owner := ownerType(elem, o.Path)
		if owner == nil {
			return nil
		}
		f := index.Field(owner, i)
		for _, st := range e.ev.Index.FieldStores(f) {
			if base := baseOf(st.Addr); base == s {
				out = append(out, e.eval(st.Val, e.ev.Root(st.Parent()))...)
			}
		}
		out = append(out, e.copied(e.ev.Index.GlobalStores(s), o, path, t)...)
	}
	if owner := ownerType(elem, o.Path); owner != nil {
		e.incomplete = e.incomplete || e.ev.Index.Overwritten(index.Field(owner, i))
		out = append(out, e.flagged(index.Field(owner, i))...)
		later, asks := e.storedLater(o, i, index.Field(owner, i), len(out) > 0)
		if isSlice(t) {
			out = e.grownBy(out, later)
		} else {
			for _, p := range later {
				out = append(out, e.eval(p.store.Val, p.frame)...)
			}
		}
		for _, h := range asks {
			h.T = t
			out = append(out, h)
		}
		out = append(out, e.assignedLater(o, path, elem, t)...)
	}
	if _, ok := t.Underlying().(*types.Struct); ok && len(out) == 0 {
		return []Value{Object{Site: o.Site, Frame: o.Frame, Path: path, T: t}}
	}
	if len(out) == 0 && e.assigned(o, path) {
		e.incomplete = true // what was assigned has the field from somewhere
		return nil
	}
	if len(out) == 0 && (private(o.Site) || e.unsetField(o, i)) {
		return zero(t)
	}
	return distinct(out)
}

// unsetField reports whether every store to field i of any object is known, and
// goes to another one than o.
func (e *evaluation) unsetField(o Object, i int) bool {
	al, ok := o.Site.(*ssa.Alloc)
	if !ok || len(index.StoresTo(al)) > 0 {
		return false
	}
	owner := ownerType(al.Type().Underlying().(*types.Pointer).Elem(), o.Path)
	if owner == nil {
		return false
	}
	f := index.Field(owner, i)
	for n := range o.Path {
		if len(fieldStores(al, o.Path[:n+1])) > 0 {
			return false
		}
	}
	if e.ev.Index.Open(f) || len(e.ev.flagVariable(f)) > 0 {
		return false
	}
	return !slices.ContainsFunc(e.ev.Index.FieldStores(f), func(st *ssa.Store) bool {
		switch b := baseOf(st.Addr).(type) {
		case *ssa.Alloc:
			return b == al
		case *ssa.Global:
			return false
		}
		return true
	})
}

// private reports whether a variable is only read and written field by field,
// so that a field nobody stores to is zero.
func private(v ssa.Value) bool {
	if v.Referrers() == nil {
		return false
	}
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.FieldAddr:
			if !private(r) {
				return false
			}
		case *ssa.UnOp, *ssa.DebugRef:
		case *ssa.Store:
			if r.Val == v {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// tagged reports whether field i of o has a tag, by which a decoder or a
// command line fills it.
func tagged(o Object, i int) bool {
	p, ok := o.Site.Type().Underlying().(*types.Pointer)
	if !ok {
		return false
	}
	owner := ownerType(p.Elem(), o.Path)
	if owner == nil {
		return false
	}
	s, ok := owner.Underlying().(*types.Struct)
	return ok && i < s.NumFields() && s.Tag(i) != ""
}

func fieldVar(a *ssa.FieldAddr) *types.Var { return index.Field(a.X.Type(), a.Field) }

// ownerType is the struct type that the fields of path lead to from t.
func ownerType(t types.Type, path []int) types.Type {
	for _, i := range path {
		f := index.Field(t, i)
		if f == nil {
			return nil
		}
		t = f.Type()
	}
	if t == nil {
		return nil
	}
	if _, ok := t.Underlying().(*types.Struct); !ok {
		return nil
	}
	return t
}

// fieldStores is the stores to the part of v that path leads to.
func fieldStores(v ssa.Value, path []int) []*ssa.Store {
	if len(path) == 0 {
		return index.StoresTo(v)
	}
	var out []*ssa.Store
	if v.Referrers() == nil {
		return nil
	}
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.FieldAddr:
			if r.X == v && r.Field == path[0] {
				out = append(out, fieldStores(r, path[1:])...)
			}
		case *ssa.MakeClosure:
			fn := r.Fn.(*ssa.Function)
			for i, b := range r.Bindings {
				if b == v && i < len(fn.FreeVars) {
					out = append(out, fieldStores(fn.FreeVars[i], path)...)
				}
			}
		}
	}
	return out
}

// baseOf is the variable that an address is a part of.
func baseOf(addr ssa.Value) ssa.Value {
	for {
		switch a := addr.(type) {
		case *ssa.FieldAddr:
			addr = a.X
		case *ssa.IndexAddr:
			addr = a.X
		default:
			return unspilled(addr)
		}
	}
}

// unspilled is the parameter that v reads from the variable that it stands in where
// a literal captures it, else v.
func unspilled(v ssa.Value) ssa.Value {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return v
	}
	al, ok := load.X.(*ssa.Alloc)
	if !ok {
		return v
	}
	stores := index.StoresTo(al)
	if len(stores) != 1 {
		return v
	}
	if p, ok := stores[0].Val.(*ssa.Parameter); ok {
		return p
	}
	return v
}

// storedLater is the stores to f, field i of o, through pointers whose
// variable is not known at the store: method receivers, parameters, results.
// Where it is not known who passes the object, and its own stores are, only
// methods of its type may add to them. asks is what would tell who is called with
// the object: a field with a default that an option may have changed has no value
// before that is chosen.
func (e *evaluation) storedLater(o Object, i int, f *types.Var, known bool) (out []placed, asks []Hole) {
	add := func(st *ssa.Store, fr *Frame) {
		if p := (placed{st, fr}); p.runs() {
			out = append(out, p)
		}
	}
	n := 0
	for _, st := range e.ev.Index.FieldStores(f) {
		part, base, ok := target(o, i, st.Addr)
		if !ok {
			continue
		}
		if p, ok := unspilled(base).(*ssa.Parameter); ok && !modelled(p.Type()) {
			e.undecidedCall = nil
			frames, whole := e.aliases(p, part, 0)
			if !whole && known && e.undecidedCall != nil {
				asks = append(asks, *e.undecidedCall)
			}
			if whole {
				for _, fr := range frames {
					add(st, fr)
				}
				continue
			}
		}
		switch b := baseOf(st.Addr).(type) {
		case *ssa.Alloc, *ssa.Global:
			continue
		case *ssa.UnOp:
			if _, ok := b.X.(*ssa.Alloc); ok && b.Op == token.MUL {
				if fr := e.frameOf(st, o.Frame); e.pointsTo(b, part, fr) {
					add(st, fr)
				}
				continue
			}
			if modelled(b.Type()) {
				continue // the URL of another request
			}
		case *ssa.Call, *ssa.Extract:
			if modelled(b.Type()) {
				continue
			}
		}
		own := receiver(baseOf(st.Addr))
		if known && !own {
			e.incomplete = e.incomplete || !e.brief || !e.elsewhere(st, o)
			continue
		}
		if !own && e.elsewhere(st, o) {
			continue
		}
		if n++; n > maxValues {
			e.incomplete = true
			return nil, nil
		}
		fr := e.ev.Root(st.Parent())
		if a, ok := st.Addr.(*ssa.FieldAddr); ok && own && unspilled(a.X) == baseOf(st.Addr) {
			self := o
			self.T = a.X.Type()
			fr = e.ev.Enter(Func{Fn: st.Parent()}, []Answer{{Values: []Value{self}, Complete: true}})
		}
		add(st, fr)
	}
	return out, asks
}

// pointsTo reports whether a variable is known to keep the address of o.
func (e *evaluation) pointsTo(v ssa.Value, o Object, fr *Frame) bool {
	return slices.ContainsFunc(e.part(v, fr).Values, func(v Value) bool {
		x, ok := v.(Object)
		return ok && x.Site == o.Site && slices.Equal(x.Path, o.Path) && sameActivation(x.Frame, o.Frame)
	})
}

// elsewhere reports whether a store through a pointer surely goes to another
// object than o.
func (e *evaluation) elsewhere(st *ssa.Store, o Object) bool {
	inner := &evaluation{Context: e.Context, active: e.active, parting: e.parting}
	values := inner.eval(baseOf(st.Addr), e.ev.Root(st.Parent()))
	return inner.whole() && !slices.ContainsFunc(values, func(v Value) bool {
		other, ok := v.(Object)
		return !ok || other.Site == o.Site
	})
}

// receiver reports whether v is the receiver of the method it stands in.
func receiver(v ssa.Value) bool {
	p, ok := v.(*ssa.Parameter)
	return ok && p.Parent().Signature.Recv() != nil && p == p.Parent().Params[0]
}

// anyField is what any object's field can hold, used when the object is not
// known.
func (e *evaluation) anyField(x ssa.Value, i int) []Value {
	f := index.Field(x.Type(), i)
	if f == nil {
		return opaque(x)
	}
	stores := e.ev.Index.FieldStores(f)
	if isSlice(f.Type()) {
		return e.grown(stores, Object{})
	}
	if len(stores) > 2*maxValues {
		return []Value{Hole{V: x, T: f.Type()}}
	}
	out, end := e.stored(stores, func(st *ssa.Store) *Frame { return e.ev.Root(st.Parent()) })
	out = ended(append(out, e.flagged(f)...), end)
	if len(out) == 0 {
		return []Value{Hole{V: x, T: f.Type()}}
	}
	return distinct(out)
}
