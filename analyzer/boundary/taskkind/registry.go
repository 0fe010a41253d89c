package taskkind

import (
	"context"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
)

// maxSteps is how many values are looked at to find where a called function or a
// key comes from: a registry stands a few calls away from its use.
const maxSteps = 64

// registry is one place where functions are looked up by a field.
type registry struct {
	*boundary.Unit
	field *types.Var
	owner types.Type // the struct that has the field
	table *ssa.Lookup
	call  ssa.CallInstruction // of what was looked up
	sent  bool                // the object is received from a channel
}

// findRegistries is rule 3.
func findRegistries(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	asked := map[*types.Var]bool{}
	for _, fn := range u.Program.Funcs {
		if u.Program.Std(fn) || ctx.Err() != nil {
			continue
		}
		failing := calls.Failing(fn)
		for _, b := range fn.Blocks {
			if failing[b] {
				continue // what an error leads to was not asked for
			}
			for _, instr := range b.Instrs {
				call, ok := instr.(ssa.CallInstruction)
				if !ok || call.Common().StaticCallee() != nil {
					continue
				}
				r := dispatches(u, call)
				if r == nil {
					continue
				}
				arrivals := r.registered()
				if len(arrivals) == 0 {
					continue
				}
				departures, whole := r.asked()
				if !slices.ContainsFunc(departures, func(d boundary.Departure) bool { return serves(arrivals, d) }) {
					continue
				}
				out.Arrivals = append(out.Arrivals, arrivals...)
				if whole && r.sent {
					out.Cuts = append(out.Cuts, call) // whoever sends the object says what is called
				}
				if !asked[r.field] {
					asked[r.field] = true
					out.Departures = append(out.Departures, departures...)
				}
			}
		}
	}
}

func serves(arrivals []boundary.Arrival, d boundary.Departure) bool {
	return slices.ContainsFunc(arrivals, func(a boundary.Arrival) bool { return a.Key.Path == d.Key.Path })
}

// dispatches is the registry in which the called function is looked up, nil for
// none.
func dispatches(u *boundary.Unit, call ssa.CallInstruction) *registry {
	table := lookedUp(call.Common().Value, map[ssa.Value]bool{})
	if table == nil {
		return nil
	}
	field, object := keyField(u, table.Index, map[ssa.Value]bool{})
	if field == nil || field.Pkg() == nil || u.Program.SSA.ImportedPackage(field.Pkg().Path()) == nil {
		return nil
	}
	owner := object.Type()
	if index.TypeSymbol(owner) == "" {
		return nil
	}
	r := &registry{Unit: u, field: field, owner: owner, table: table, call: call, sent: received(u, object, 0)}
	// An implementation that is looked up by the kind of what stands in a list is a
	// strategy; what is taken out of a queue is work.
	if r.sent || !call.Common().IsInvoke() && slices.ContainsFunc(call.Common().Args, func(a ssa.Value) bool {
		return types.Identical(a.Type(), owner) && taken(u, a, map[ssa.Value]bool{})
	}) {
		return r
	}
	return nil
}

// maxHanded is how many functions hand on what one of them receives.
const maxHanded = 4

// received reports whether an object, or the variable that it is kept in, is always
// one that was received from a channel.
func received(u *boundary.Unit, v ssa.Value, depth int) bool {
	if depth > maxHanded {
		return false
	}
	switch v := v.(type) {
	case *ssa.UnOp:
		if v.Op == token.ARROW {
			return true
		}
		if at, ok := v.X.(*ssa.IndexAddr); ok {
			return shrinks(u, at.X)
		}
		return v.Op == token.MUL && received(u, v.X, depth)
	case *ssa.Extract:
		switch t := v.Tuple.(type) {
		case *ssa.Select:
			return v.Index > 1
		case *ssa.UnOp:
			return t.Op == token.ARROW
		}
	case *ssa.Alloc:
		stores := index.StoresTo(v)
		return len(stores) > 0 && !slices.ContainsFunc(stores, func(st *ssa.Store) bool { return !received(u, st.Val, depth) })
	case *ssa.Parameter:
		i := slices.Index(v.Parent().Params, v)
		in := u.Graph.In(v.Parent())
		return len(in) > 0 && !slices.ContainsFunc(in, func(s *calls.Site) bool {
			a := eval.Argument(s.Instr, i)
			return s.Rule == calls.Passed || a == nil || !received(u, a, depth+1)
		})
	}
	return false
}

// shrinks reports whether a list is kept in a field, and its first elements are taken
// away: what is in it is done once.
func shrinks(u *boundary.Unit, list ssa.Value) bool {
	load, ok := list.(*ssa.UnOp)
	if !ok {
		return false
	}
	at, ok := load.X.(*ssa.FieldAddr)
	return ok && slices.ContainsFunc(u.Index.FieldStores(index.Field(at.X.Type(), at.Field)), func(st *ssa.Store) bool {
		s, ok := st.Val.(*ssa.Slice)
		return ok && s.Low != nil
	})
}

// lookedUp is the map lookup from which a called function comes, or a struct
// that holds it.
func lookedUp(v ssa.Value, seen map[ssa.Value]bool) *ssa.Lookup {
	if seen[v] || len(seen) > maxSteps {
		return nil
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Lookup:
		return v
	case *ssa.Extract:
		return lookedUp(v.Tuple, seen)
	case *ssa.Field:
		return lookedUp(v.X, seen)
	case *ssa.ChangeType:
		return lookedUp(v.X, seen)
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return stored(v.X, seen)
		}
	case *ssa.Phi:
		for _, e := range v.Edges {
			if l := lookedUp(e, seen); l != nil {
				return l
			}
		}
	case *ssa.Call:
		fn := v.Call.StaticCallee()
		if fn == nil {
			return nil
		}
		for _, b := range fn.Blocks {
			if r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && len(r.Results) > 0 {
				if l := lookedUp(r.Results[0], seen); l != nil {
					return l
				}
			}
		}
	}
	return nil
}

// stored is the lookup whose result was put at an address.
func stored(addr ssa.Value, seen map[ssa.Value]bool) *ssa.Lookup {
	if field, ok := addr.(*ssa.FieldAddr); ok {
		addr = field.X
	}
	if captured, ok := addr.(*ssa.FreeVar); ok {
		if addr = calls.Binding(captured); addr == nil {
			return nil
		}
	}
	for _, st := range index.StoresTo(addr) {
		if l := lookedUp(st.Val, seen); l != nil {
			return l
		}
	}
	return nil
}

// keyField is the field that a key reads, and the object that has it.
func keyField(u *boundary.Unit, v ssa.Value, seen map[ssa.Value]bool) (*types.Var, ssa.Value) {
	if seen[v] || len(seen) > maxSteps {
		return nil, nil
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.ChangeType:
		return keyField(u, v.X, seen)
	case *ssa.Convert:
		return keyField(u, v.X, seen)
	case *ssa.UnOp:
		if addr, ok := v.X.(*ssa.FieldAddr); ok && v.Op == token.MUL {
			return index.Field(addr.X.Type(), addr.Field), addr.X
		}
	case *ssa.Field:
		return index.Field(v.X.Type(), v.Field), v.X
	case *ssa.Call:
		fn := v.Call.StaticCallee()
		if fn == nil || len(fn.Blocks) == 0 || len(v.Call.Args) == 0 || u.Program.Std(fn) {
			return nil, nil
		}
		for _, b := range fn.Blocks {
			r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if !ok || len(r.Results) == 0 {
				continue
			}
			if field, object := keyField(u, r.Results[0], seen); field != nil && object == ssa.Value(fn.Params[0]) {
				return field, v.Call.Args[0]
			}
		}
	case *ssa.Parameter:
		i := slices.Index(v.Parent().Params, v)
		for _, s := range u.Graph.In(v.Parent()) {
			if a := eval.Argument(s.Instr, i); a != nil && s.Rule != calls.Passed {
				if field, object := keyField(u, a, seen); field != nil {
					return field, object
				}
			}
		}
	}
	return nil, nil
}

// taken reports whether v was taken out of a slice, a map or a channel.
func taken(u *boundary.Unit, v ssa.Value, seen map[ssa.Value]bool) bool {
	if seen[v] || len(seen) > maxSteps {
		return false
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Extract:
		switch t := v.Tuple.(type) {
		case *ssa.Next, *ssa.Lookup, *ssa.Select:
			return true
		case *ssa.UnOp:
			return t.Op == token.ARROW
		}
	case *ssa.Lookup:
		return true
	case *ssa.UnOp:
		if v.Op == token.ARROW {
			return true
		}
		switch at := v.X.(type) {
		case *ssa.IndexAddr:
			return true
		case *ssa.Alloc:
			for _, st := range index.StoresTo(at) {
				if taken(u, st.Val, seen) {
					return true
				}
			}
		case *ssa.FreeVar:
			if b := calls.Binding(at); b != nil {
				for _, st := range index.StoresTo(b) {
					if taken(u, st.Val, seen) {
						return true
					}
				}
			}
		}
	case *ssa.Phi:
		return slices.ContainsFunc(v.Edges, func(e ssa.Value) bool { return taken(u, e, seen) })
	case *ssa.FreeVar:
		b := calls.Binding(v)
		return b != nil && taken(u, b, seen)
	case *ssa.Parameter:
		i := slices.Index(v.Parent().Params, v)
		for _, s := range u.Graph.In(v.Parent()) {
			if a := eval.Argument(s.Instr, i); a != nil && s.Rule != calls.Passed && taken(u, a, seen) {
				return true
			}
		}
	}
	return false
}

// registered is the functions in the table, by their kinds.
func (r *registry) registered() []boundary.Arrival {
	var out []boundary.Arrival
	for _, e := range r.Eval.Context().Entries(r.table.X, r.Eval.Root(r.table.Parent())) {
		ask := func(c *eval.Context) []eval.Hole {
			return append(eval.Holes(c.Eval(e.Key, e.Frame)), eval.Holes(c.Eval(e.Value, e.Frame))...)
		}
		r.Eval.Contexts(ask, func(c *eval.Context) {
			for _, k := range c.Eval(e.Key, e.Frame) {
				kind, ok := eval.AsText(k).Const()
				handlers := r.handlers(c, c.Eval(e.Value, e.Frame))
				if !ok || len(handlers) == 0 {
					continue
				}
				out = append(out, boundary.Arrival{
					Kind: flow.Task, Key: boundary.Key{Path: registryKey(r.field, r.owner, kind)}, Handlers: handlers, Rule: "taskkind/3",
					Registered: r.places(c, e),
				})
			}
		})
	}
	return out
}

// places is where an entry is put into the table, and where it is looked up: a table
// in a package variable is there from the start.
func (r *registry) places(c *eval.Context, e eval.Entry) []boundary.Place {
	var out []boundary.Place
	if e.At.Parent().Synthetic == "" {
		out = append(boundary.Callers(c, e.Frame), boundary.Place{In: e.At.Parent(), Pos: e.At.Pos()})
	}
	return append(out, boundary.Place{In: r.call.Parent(), Pos: r.call.Pos()})
}

// handlers is the functions that an entry is, or has in its fields.
func (r *registry) handlers(c *eval.Context, values []eval.Value) []boundary.Handler {
	if r.call.Common().IsInvoke() {
		var out []boundary.Handler
		for _, v := range values {
			for _, h := range r.Method(v.Type(), r.call.Common().Method.Name()) {
				h.Given = boundary.Self(v)
				out = append(out, h)
			}
		}
		return out
	}
	out := r.Functions(c, values...)
	for _, v := range values {
		o, ok := v.(eval.Object)
		if !ok {
			continue
		}
		t := o.T
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		s, ok := t.Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range s.NumFields() {
			if _, ok := s.Field(i).Type().Underlying().(*types.Signature); !ok {
				continue
			}
			for _, h := range r.Functions(c, c.Field(o, s.Field(i).Name())...) {
				h.Label = s.Field(i).Name()
				out = append(out, h)
			}
		}
	}
	return out
}

// asked is the places that give the field a kind; whole says that each gives it one
// that is known.
func (r *registry) asked() (out []boundary.Departure, whole bool) {
	whole = !r.Index.Open(r.field)
	for _, st := range r.Index.FieldStores(r.field) {
		root := r.Eval.Root(st.Parent())
		all := r.Eval.Contexts(
			func(c *eval.Context) []eval.Hole { return eval.Holes(c.Eval(st.Val, root)) },
			func(c *eval.Context) {
				for _, k := range c.Eval(st.Val, root) {
					kind, ok := eval.AsText(k).Const()
					if !ok || kind == "" {
						whole = false
						continue
					}
					pos := st.Pos()
					if !pos.IsValid() {
						pos = st.Addr.Pos()
					}
					out = append(out, boundary.Departure{
						Kind: flow.Task, Key: boundary.Key{Path: registryKey(r.field, r.owner, kind)}, In: st.Parent(), Pos: pos,
						Via: boundary.Callers(c, root), Rule: "taskkind/3",
					})
				}
			})
		whole = whole && all
	}
	return out, whole
}
