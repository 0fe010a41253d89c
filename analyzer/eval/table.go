package eval

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/index"
)

// lookup is what a map has under a constant key; nil where the key is not known.
func (e *evaluation) lookup(v *ssa.Lookup, fr *Frame) []Value {
	if len(e.ev.pathValues) > 0 {
		if named := e.namedBy(v.X, fr); named != nil {
			return e.namedParts(named, v.Index, fr)
		}
	}
	var keys []string
	for _, k := range e.eval(v.Index, fr) {
		s, ok := AsText(k).Const()
		if h, isHole := k.(Hole); isHole && h.Kind == Param {
			h.T = elemType(v)
			return []Value{h} // who calls decides
		}
		if !ok {
			e.askKeys(k, v, fr)
			return nil
		}
		keys = append(keys, s)
	}
	var out []Value
	unknown := false
	asked := func(key string) bool { return slices.Contains(keys, key) }
	for _, u := range e.updates(v.X, fr, asked) {
		switch {
		case !u.known:
			unknown = true
		case asked(u.key):
			e.note(u.value)
			out = append(out, u.value.Values...)
		}
	}
	switch {
	case unknown:
		e.incomplete = true
	case len(out) > 0:
	case nilable(elemType(v)):
		e.null = true
		return []Value{Hole{V: ssa.NewConst(nil, elemType(v)), T: elemType(v)}}
	default:
		return zero(elemType(v))
	}
	return distinct(out)
}

// askKeys notes that the keys of a map are asked for, if the key has open parts.
func (e *evaluation) askKeys(key Value, v *ssa.Lookup, fr *Frame) {
	t := AsText(key)
	if !opens(t.Text) {
		return
	}
	for _, u := range e.updates(v.X, fr, keysAlone) {
		if u.known {
			askFor(t.Text, u.key, v)
		}
	}
}

func nilable(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Signature, *types.Map, *types.Interface, *types.Chan:
		return true
	}
	return false
}

// lacks reports whether a map surely has no entry under any key that v can be.
func (e *evaluation) lacks(v *ssa.Lookup, fr *Frame) bool {
	values := e.part(v.Index, fr)
	if !values.Complete {
		return false
	}
	keys := map[string]bool{}
	for _, k := range values.Values {
		s, ok := AsText(k).Const()
		if !ok {
			return false
		}
		keys[s] = true
	}
	e.knowledge = knowledge{}
	updates := e.updates(v.X, fr, keysAlone)
	return e.whole() && !slices.ContainsFunc(updates, func(u update) bool { return !u.known || keys[u.key] })
}

// decidedByCaller reports whether who calls the function that writes an entry
// decides what it writes.
func (e *evaluation) decidedByCaller(en Entry) bool {
	return en.Frame == e.ev.Root(en.At.Parent()) && (ofCaller(en.Key) || ofCaller(en.Value) || en.outer != nil && ofCaller(en.outer))
}

// update is one m[key] = value, as it is in one context.
type update struct {
	key   string
	outer string // of a map in a map: the key that leads to it
	known bool   // the keys are
	value Answer

	at *ssa.MapUpdate
	by ssa.CallInstruction // of the function that writes it, where who calls decides
}

// updates is all that is written to a map, a key at a time. The values are those
// of keys that are wanted.
func (e *evaluation) updates(m ssa.Value, fr *Frame, want func(key string) bool) []update {
	var out []update
	for _, en := range e.entries(m, fr) {
		if e.decidedByCaller(en) {
			out = append(out, e.ev.updatesAt(en)...)
			continue
		}
		for _, k := range e.eval(en.Key, en.Frame) {
			u := update{at: en.At}
			if u.key, u.known = AsText(k).Const(); u.known && want(u.key) {
				u.value = e.part(en.Value, en.Frame)
			}
			out = append(out, e.outerOf(en, u)...)
		}
	}
	return e.within(out, m, fr)
}

// keysAlone wants no value of any key.
func keysAlone(string) bool { return false }

// outerOf is an update of a map in a map, for each key that leads to it.
func (e *evaluation) outerOf(en Entry, u update) []update {
	if en.outer == nil {
		return []update{u}
	}
	var out []update
	for _, k := range e.eval(en.outer, en.outerFrame) {
		s, ok := AsText(k).Const()
		u.outer, u.known = s, u.known && ok
		out = append(out, u)
	}
	return out
}

// within is the updates of a map that stands in another one under the key by
// which m was looked up there.
func (e *evaluation) within(all []update, m ssa.Value, fr *Frame) []update {
	l := lookupOf(m)
	if l == nil {
		return all
	}
	keys := map[string]bool{}
	for _, k := range e.eval(l.Index, fr) {
		s, ok := AsText(k).Const()
		if !ok {
			return all
		}
		keys[s] = true
	}
	return slices.DeleteFunc(all, func(u update) bool { return u.known && !keys[u.outer] })
}

func lookupOf(v ssa.Value) *ssa.Lookup {
	if x, ok := v.(*ssa.Extract); ok {
		v = x.Tuple
	}
	l, _ := v.(*ssa.Lookup)
	return l
}

// part is an answer that does not yet count for the question at hand.
func (e *evaluation) part(v ssa.Value, fr *Frame) Answer {
	outside := e.knowledge
	e.knowledge = knowledge{}
	out := e.answer(e.eval(v, fr))
	e.knowledge = outside
	return out
}

// ofCaller reports whether an operand is made from parameters, so that who calls
// the function decides it.
func ofCaller(v ssa.Value) bool {
	in := v.Parent() // nil for constants, functions and package variables
	return in != nil && len(in.Params)+len(in.FreeVars) > 0
}

// maxWriters is how many contexts of a statement that writes to a map are told
// apart: more than any table of commands or handlers has entries. What more write
// to is data.
const maxWriters = 256

// updatesAt is what one statement writes to a map, for each caller that decides
// it.
func (ev *Evaluator) updatesAt(en Entry) []update {
	if known, ok := ev.tables[en.At]; ok {
		return known
	}
	ev.tables[en.At] = nil // an entry that is made from what the map has already
	var out []update
	ask := func(c *Context) []Hole {
		holes := append(Holes(c.Eval(en.Key, en.Frame)), Holes(c.Elements(c.Eval(en.Value, en.Frame)))...)
		if en.outer != nil {
			holes = append(holes, Holes(c.Eval(en.outer, en.outerFrame))...)
		}
		return holes
	}
	all := ev.contexts(ask, func(c *Context) {
		value := c.Answer(en.Value, en.Frame)
		for i, v := range value.Values {
			value.Values[i] = c.Bind(v)
		}
		by, _ := c.Caller(en.Frame)
		for _, k := range c.Eval(en.Key, en.Frame) {
			s, ok := AsText(k).Const()
			out = append(out, c.question().outerOf(en, update{key: s, known: ok, value: value, at: en.At, by: by})...)
		}
		if !ev.everyCaller(c, en.At.Parent()) {
			out = append(out, update{})
		}
	}, maxWriters)
	if !all {
		out = []update{{}}
	}
	ev.tables[en.At] = out
	return out
}

// everyCaller reports whether all calls of the functions through which c goes, fn
// at their end, were tried.
func (ev *Evaluator) everyCaller(c *Context, fn *ssa.Function) bool {
	for ; c != nil; c = c.up {
		if c.frame != nil && !ev.tried(c.frame.Fn) {
			return false
		}
	}
	return ev.tried(fn)
}

func (ev *Evaluator) tried(fn *ssa.Function) bool {
	return !slices.ContainsFunc(ev.Graph.In(fn), func(s *calls.Site) bool { return s.Rule == calls.Passed || len(s.Callees) > maxValues })
}

// Entry is one m[key] = value.
type Entry struct {
	Key, Value ssa.Value
	Frame      *Frame
	At         *ssa.MapUpdate

	outer      ssa.Value // of a map in a map: the key that leads to it
	outerFrame *Frame
}

// Entries is the entries written to the map that v is, as far as the places
// that made it are known.
func (c *Context) Entries(v ssa.Value, fr *Frame) []Entry {
	e := c.question()
	return e.entries(v, fr)
}

func (e *evaluation) entries(v ssa.Value, fr *Frame) []Entry {
	w := &mapWalk{evaluation: e, seen: map[ssa.Value]bool{}, used: map[ssa.Value]bool{}}
	w.origin(v, fr)
	return w.out
}

// mapWalk finds what is written to a map: back to where it is made, and on
// through the variables, fields and parameters that hold it.
type mapWalk struct {
	*evaluation
	seen, used map[ssa.Value]bool
	out        []Entry
	outer      ssa.Value
	outerFrame *Frame
	lookups    []*ssa.Lookup // in it
}

// maxPlaces is how many values a map may go through.
const maxPlaces = 64

// origin goes back to where a map is made.
func (w *mapWalk) origin(v ssa.Value, fr *Frame) {
	if w.seen[v] {
		return
	}
	if len(w.seen) > maxPlaces {
		w.incomplete = true
		return
	}
	w.seen[v] = true
	switch v := v.(type) {
	case *ssa.MakeMap:
		w.uses(v, fr)
	case *ssa.Parameter:
		w.passed(v, fr)
		w.uses(v, fr)
	case *ssa.UnOp:
		w.uses(v, fr)
		for _, st := range w.storesTo(v.X, fr) {
			w.origin(st.Val, w.frameOf(st, fr))
		}
		w.loads(v.X)
	case *ssa.ChangeType:
		w.origin(v.X, fr)
	case *ssa.MakeInterface:
		w.origin(v.X, fr)
	case *ssa.Phi:
		for _, x := range v.Edges {
			w.origin(x, fr)
		}
	case *ssa.Lookup:
		w.nested(v, fr)
	case *ssa.Extract:
		if l, ok := v.Tuple.(*ssa.Lookup); ok && v.Index == 0 {
			w.nested(l, fr)
			return
		}
		w.evaluated(v, fr)
	case *ssa.Const: // nil
	default:
		w.evaluated(v, fr)
	}
}

// evaluated goes to the places that make what v can be.
func (w *mapWalk) evaluated(v ssa.Value, fr *Frame) {
	for _, x := range w.eval(v, fr) {
		h, ok := x.(Hole)
		if m, made := h.V.(*ssa.MakeMap); ok && made {
			w.origin(m, h.Frame)
		} else {
			w.incomplete = true
		}
	}
}

// storesTo is the stores to the variable at an address.
func (w *mapWalk) storesTo(addr ssa.Value, fr *Frame) []*ssa.Store {
	switch a := addr.(type) {
	case *ssa.Global:
		w.incomplete = w.incomplete || w.ev.Index.Addressed(a)
		return w.ev.Index.GlobalStores(a)
	case *ssa.FieldAddr:
		w.incomplete = w.incomplete || w.ev.Index.Open(fieldVar(a))
		return w.ev.Index.FieldStores(fieldVar(a))
	case *ssa.Alloc:
		w.incomplete = w.incomplete || addressed(a) // a decoder fills it
		return index.StoresTo(a)
	case *ssa.FreeVar:
		var out []*ssa.Store
		for _, x := range w.eval(a, fr) {
			if o, ok := x.(Object); ok && len(o.Path) == 0 {
				w.incomplete = w.incomplete || addressed(o.Site)
				out = append(out, index.StoresTo(o.Site)...)
			} else {
				w.incomplete = true
			}
		}
		return out
	}
	w.incomplete = true
	return nil
}

// loads goes on to what reads the variable at an address.
func (w *mapWalk) loads(addr ssa.Value) {
	switch a := addr.(type) {
	case *ssa.Global:
		for _, l := range w.ev.Index.GlobalLoads(a) {
			w.uses(l, w.ev.Root(l.Parent()))
		}
	case *ssa.FieldAddr:
		for _, l := range w.ev.Index.FieldLoads(fieldVar(a)) {
			w.uses(l, w.ev.Root(l.Parent()))
		}
	case *ssa.Alloc, *ssa.FreeVar:
		for _, r := range *a.Referrers() {
			switch r := r.(type) {
			case *ssa.UnOp:
				w.uses(r, w.ev.Root(r.Parent()))
			case *ssa.MakeClosure:
				w.loads(r.Fn.(*ssa.Function).FreeVars[slices.Index(r.Bindings, addr)])
			}
		}
	}
}

// passed goes back to the maps that callers pass for p.
func (w *mapWalk) passed(p *ssa.Parameter, fr *Frame) {
	i := slices.Index(p.Parent().Params, p)
	if a := fr.argument(i); a != nil {
		w.note(*a)
		for _, x := range a.Values {
			if h, ok := x.(Hole); ok && h.V != nil && h.Kind == Opaque {
				w.origin(h.V, h.Frame)
			} else {
				w.incomplete = true
			}
		}
		return
	}
	if call, up := w.Caller(fr); call != nil && Argument(call, i) != nil {
		w.origin(Argument(call, i), up)
		return
	}
	w.incomplete = true
}

// nested goes back to the maps that stand in another one: those that are put
// there, and every one that is looked up there to be written to.
func (w *mapWalk) nested(l *ssa.Lookup, fr *Frame) {
	outer := &mapWalk{evaluation: w.evaluation, seen: map[ssa.Value]bool{}, used: map[ssa.Value]bool{}}
	outer.origin(l.X, fr)
	if w.outer != nil { // a third map around these two
		w.incomplete = true
		return
	}
	for _, en := range outer.out {
		w.outer, w.outerFrame = en.Key, en.Frame
		w.origin(en.Value, en.Frame)
	}
	for _, x := range outer.lookups {
		w.outer, w.outerFrame = x.Index, w.ev.Root(x.Parent())
		if !x.CommaOk {
			w.uses(x, w.outerFrame)
			continue
		}
		for _, r := range *x.Referrers() {
			if r, ok := r.(*ssa.Extract); ok && r.Index == 0 {
				w.uses(r, w.outerFrame)
			}
		}
	}
	w.outer, w.outerFrame = nil, nil
}

// uses adds what is written to v, and goes on to where else it is held.
func (w *mapWalk) uses(v ssa.Value, fr *Frame) {
	if w.used[v] {
		return
	}
	if len(w.used) > maxPlaces || v.Referrers() == nil {
		w.incomplete = true
		return
	}
	w.used[v] = true
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.MapUpdate:
			if r.Map == v && !w.ev.Index.Dead(r.Parent()) {
				w.out = append(w.out, Entry{Key: r.Key, Value: r.Value, Frame: fr, At: r, outer: w.outer, outerFrame: w.outerFrame})
			}
		case *ssa.Lookup:
			w.lookups = append(w.lookups, r)
		case *ssa.Range, *ssa.DebugRef, *ssa.BinOp:
		case *ssa.ChangeType:
			w.uses(r, fr)
		case *ssa.Phi:
			w.uses(r, fr)
		case *ssa.Store:
			w.stored(r.Addr)
		case *ssa.MakeInterface:
			w.methods(v.Type())
		case *ssa.Call:
			w.called(r, v)
		default:
			w.incomplete = true
		}
	}
}

// stored goes on to what reads the variable into which a map is put.
func (w *mapWalk) stored(addr ssa.Value) {
	switch addr.(type) {
	case *ssa.Global, *ssa.FieldAddr, *ssa.Alloc, *ssa.FreeVar:
		w.loads(addr)
	default:
		w.incomplete = true
	}
}

// called goes on into a function that is handed a map.
func (w *mapWalk) called(call *ssa.Call, v ssa.Value) {
	if b, ok := call.Call.Value.(*ssa.Builtin); ok {
		w.deleted = w.deleted || b.Name() == "delete" || b.Name() == "clear"
		return
	}
	callee := call.Call.StaticCallee()
	if callee == nil || callee.Blocks == nil || len(callee.Params) != len(call.Call.Args) {
		w.incomplete = true // somebody else may write to it
		return
	}
	for i, a := range call.Call.Args {
		if a == v {
			w.uses(callee.Params[i], w.ev.Root(callee))
		}
	}
}

// methods goes on into the methods of a map that is known as an interface.
func (w *mapWalk) methods(t types.Type) {
	set := w.ev.methods.MethodSet(t)
	if set.Len() == 0 {
		w.incomplete = true
	}
	for i := range set.Len() {
		if fn := w.ev.Program.SSA.MethodValue(set.At(i)); fn != nil && fn.Blocks != nil && len(fn.Params) > 0 {
			w.uses(fn.Params[0], w.ev.Root(fn))
		}
	}
}

// Record is what a map has under a constant key.
type Record struct {
	Key    string
	Values []Value
	At     *ssa.MapUpdate
	By     ssa.CallInstruction // calls the function that writes it, nil where no caller decides
}

// Records is what is written to the map that v is under constant keys, for each
// caller of a function that is given them.
func (c *Context) Records(v ssa.Value, fr *Frame) []Record {
	var out []Record
	for _, u := range c.question().updates(v, fr, func(string) bool { return true }) {
		if u.known {
			out = append(out, Record{u.key, u.value.Values, u.at, u.by})
		}
	}
	return out
}

// Keys is the constant keys under which something is written to a map.
func (c *Context) Keys(m ssa.Value, fr *Frame) []string {
	var out []string
	for _, u := range c.question().updates(m, fr, keysAlone) {
		if u.known && !slices.Contains(out, u.key) {
			out = append(out, u.key)
		}
	}
	return out
}
