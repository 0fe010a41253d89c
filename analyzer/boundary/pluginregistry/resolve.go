package pluginregistry

import (
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/index"
)

// leaf is one thing that an operand can be: a value of a concrete type, or a
// function.
type leaf struct {
	t     types.Type
	fn    *ssa.Function
	label string           // the key under which it was filed, where the key looked for is not known
	at    []boundary.Place // where it was filed
}

// env is one activation of a function whose caller is chosen.
type env struct {
	fn   *ssa.Function
	call ssa.CallInstruction
	up   *env
}

const (
	maxDepth  = 40
	maxLeaves = 24
	maxSteps  = 4000
)

// resolver tells all that an operand can be, or that it cannot tell.
type resolver struct {
	*finder
	steps  int
	active map[activeKey]bool
	rule   int // the rule that excluded something, 0 while none did
}

type activeKey struct {
	v ssa.Value
	e *env
}

// failed is what cannot be told.
var failed = []leaf(nil)

// by notes the rule that excluded something.
func (r *resolver) by(rule int) {
	if r.rule == 0 {
		r.rule = rule
	}
}

func (r *resolver) resolve(v ssa.Value, e *env, depth int) (out []leaf, ok bool) {
	r.steps++
	if depth > maxDepth || r.steps > maxSteps {
		return failed, false
	}
	k := activeKey{v, e}
	if r.active[k] {
		return nil, true // what a cycle adds is found on the other ways
	}
	r.active[k] = true
	defer delete(r.active, k)
	out, ok = r.step(v, e, depth+1)
	if len(out) > maxLeaves {
		return failed, false
	}
	return out, ok
}

func (r *resolver) step(v ssa.Value, e *env, depth int) ([]leaf, bool) {
	switch v := v.(type) {
	case *ssa.Const:
		return nil, v.IsNil()
	case *ssa.Function:
		return []leaf{{fn: v}}, true
	case *ssa.MakeClosure:
		return []leaf{{fn: v.Fn.(*ssa.Function)}}, true
	case *ssa.MakeInterface:
		return []leaf{{t: v.X.Type()}}, true
	case *ssa.ChangeType:
		return r.resolve(v.X, e, depth)
	case *ssa.ChangeInterface:
		return r.resolve(v.X, e, depth)
	case *ssa.TypeAssert:
		return r.asserted(v, e, depth)
	case *ssa.Phi:
		return r.union(v.Edges, e, depth)
	case *ssa.Parameter:
		return r.parameter(v, e, depth)
	case *ssa.FreeVar:
		if b := calls.Binding(v); b != nil {
			return r.resolve(b, nil, depth)
		}
	case *ssa.Call:
		return r.result(v, 0, e, depth)
	case *ssa.Extract:
		switch t := v.Tuple.(type) {
		case *ssa.Call:
			return r.result(t, v.Index, e, depth)
		case *ssa.TypeAssert:
			return r.asserted(t, e, depth)
		case *ssa.Lookup:
			return r.lookup(t, e, depth)
		}
	case *ssa.Lookup:
		return r.lookup(v, e, depth)
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return r.load(v.X, e, depth)
		}
	}
	return failed, false
}

func (r *resolver) union(values []ssa.Value, e *env, depth int) ([]leaf, bool) {
	var out []leaf
	for _, v := range values {
		more, ok := r.resolve(v, e, depth)
		if !ok {
			return failed, false
		}
		out = add(out, more...)
	}
	return out, true
}

func add(out []leaf, more ...leaf) []leaf {
	for _, l := range more {
		if !slices.ContainsFunc(out, func(x leaf) bool {
			return x.fn == l.fn && x.label == l.label && (x.t == nil) == (l.t == nil) && (l.t == nil || types.Identical(x.t, l.t))
		}) {
			out = append(out, l)
		}
	}
	return out
}

func (r *resolver) asserted(v *ssa.TypeAssert, e *env, depth int) ([]leaf, bool) {
	all, ok := r.resolve(v.X, e, depth)
	if !ok {
		return failed, false
	}
	return slices.DeleteFunc(slices.Clone(all), func(l leaf) bool { return l.t == nil || !types.AssignableTo(l.t, v.AssertedType) }), true
}

// parameter is what the chosen caller passes, or what all callers do.
func (r *resolver) parameter(p *ssa.Parameter, e *env, depth int) ([]leaf, bool) {
	i := slices.Index(p.Parent().Params, p)
	if e != nil && e.fn == p.Parent() {
		if a := argument(e.call, i); a != nil {
			return r.resolve(a, e.up, depth)
		}
		return failed, false
	}
	callers, ok := r.callers(p.Parent())
	if !ok {
		return failed, false
	}
	var out []leaf
	for _, c := range callers {
		a := argument(c, i)
		if a == nil {
			return failed, false
		}
		more, ok := r.resolve(a, nil, depth)
		if !ok {
			return failed, false
		}
		out = add(out, more...)
	}
	return out, true
}

// argument is what the call passes for parameter i of a method or function.
func argument(c ssa.CallInstruction, i int) ssa.Value {
	cc := c.Common()
	if cc.IsInvoke() {
		if i == 0 {
			return nil // the receiver behind the interface
		}
		i--
	}
	if i >= len(cc.Args) {
		return nil
	}
	return cc.Args[i]
}

// callers is every call of fn, not ok when somebody unknown calls it too.
func (r *resolver) callers(fn *ssa.Function) ([]ssa.CallInstruction, bool) {
	var out []ssa.CallInstruction
	for _, s := range r.Graph.In(fn) {
		if s.Rule == calls.Passed || len(s.Callees) > maxLeaves {
			return nil, false
		}
		if r.dead(s.Caller) {
			r.by(6)
			continue
		}
		out = append(out, s.Instr)
	}
	return out, len(out) > 0
}

// result is what a call gives as result i.
func (r *resolver) result(c *ssa.Call, i int, e *env, depth int) ([]leaf, bool) {
	cc := &c.Call
	if cc.IsInvoke() {
		if cc.Method.FullName() == "(context.Context).Value" {
			return r.contextValue(cc.Args[0], depth)
		}
		return failed, false
	}
	if static := cc.StaticCallee(); static != nil {
		if i == 0 {
			if out, ok := r.registered(static, c, e, depth); ok {
				return out, true
			}
		}
		return r.returned(static, i, r.env(static, c, e), depth)
	}
	if _, ok := cc.Value.(*ssa.Builtin); ok {
		return failed, false
	}
	fns, ok := r.resolve(cc.Value, e, depth)
	if !ok {
		return failed, false
	}
	var out []leaf
	for _, f := range fns {
		more, ok := r.returned(f.fn, i, r.env(f.fn, c, e), depth)
		if !ok {
			return failed, false
		}
		for _, m := range more {
			if m.label == "" {
				m.label, m.at = f.label, f.at
			}
			out = add(out, m)
		}
	}
	return out, true
}

// returned is what fn returns as result i.
func (r *resolver) returned(fn *ssa.Function, i int, inner *env, depth int) ([]leaf, bool) {
	if fn == nil || fn.Blocks == nil || r.Graph.Wrapper(fn) {
		return failed, false
	}
	var out []leaf
	for _, b := range fn.Blocks {
		ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok || i >= len(ret.Results) {
			continue
		}
		more, ok := r.named(ret.Results[i], b, inner, depth)
		if !ok {
			if more, ok = r.resolve(ret.Results[i], inner, depth); !ok {
				return failed, false
			}
		}
		out = add(out, more...)
	}
	return out, true
}

// env is one activation, the same one each time it is asked for.
func (r *resolver) env(fn *ssa.Function, c ssa.CallInstruction, up *env) *env {
	k := env{fn, c, up}
	if r.envs[k] == nil {
		r.envs[k] = &k
	}
	return r.envs[k]
}

// load is what the variable at an address can hold.
func (r *resolver) load(addr ssa.Value, e *env, depth int) ([]leaf, bool) {
	var stores []*ssa.Store
	switch a := addr.(type) {
	case *ssa.FieldAddr:
		f := index.Field(a.X.Type(), a.Field)
		if f == nil || !r.owned(f) {
			return failed, false
		}
		stores = r.Index.FieldStores(f)
	case *ssa.Global:
		if r.Program.Std(a.Pkg.Func("init")) || r.escapes(a) {
			return failed, false
		}
		stores = r.Index.GlobalStores(a)
	case *ssa.Alloc:
		if r.escapes(a) {
			return failed, false
		}
		return r.stored(localStores(a), e, depth)
	case *ssa.FreeVar:
		if al, ok := calls.Binding(a).(*ssa.Alloc); ok && !r.escapes(al) {
			return r.stored(localStores(al), nil, depth)
		}
		return failed, false
	case *ssa.IndexAddr:
		elems, ok := r.elements(a.X, e, depth, map[ssa.Value]bool{})
		if !ok {
			return failed, false
		}
		r.by(5)
		return r.union(elems, e, depth)
	default:
		return failed, false
	}
	return r.stored(stores, nil, depth)
}

// stored is what the stores that can run put into a variable.
func (r *resolver) stored(stores []*ssa.Store, e *env, depth int) ([]leaf, bool) {
	var out []leaf
	for _, st := range stores {
		if r.dead(st.Parent()) {
			r.by(6)
			continue
		}
		in := e
		if e != nil && e.fn != st.Parent() {
			in = nil
		}
		more, ok := r.resolve(st.Val, in, depth)
		if !ok {
			return failed, false
		}
		out = add(out, more...)
	}
	return out, true
}

// localStores is the stores to a local variable, by literals that captured it
// too.
func localStores(v ssa.Value) []*ssa.Store {
	var out []*ssa.Store
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr == v {
				out = append(out, ref)
			}
		case *ssa.MakeClosure:
			fn := ref.Fn.(*ssa.Function)
			for i, b := range ref.Bindings {
				if b == v {
					out = append(out, localStores(fn.FreeVars[i])...)
				}
			}
		}
	}
	return out
}

// escapes reports whether the address of a variable is used for anything but
// reading and writing it.
func (r *resolver) escapes(v ssa.Value) bool {
	if g, ok := v.(*ssa.Global); ok {
		return r.taken[g]
	}
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.UnOp, *ssa.DebugRef:
		case *ssa.Store:
			if ref.Val == v {
				return true
			}
		case *ssa.MakeClosure:
			fn := ref.Fn.(*ssa.Function)
			for i, b := range ref.Bindings {
				if b == v && r.escapes(fn.FreeVars[i]) {
					return true
				}
			}
		default:
			return true
		}
	}
	return false
}

// elements is the operands that put elements into a slice that is built in one
// function.
func (r *resolver) elements(v ssa.Value, e *env, depth int, seen map[ssa.Value]bool) ([]ssa.Value, bool) {
	if seen[v] {
		return nil, true
	}
	seen[v] = true
	var out []ssa.Value
	join := func(v ssa.Value) bool {
		more, ok := r.elements(v, e, depth, seen)
		out = append(out, more...)
		return ok
	}
	switch v := v.(type) {
	case *ssa.Const:
		return nil, v.IsNil()
	case *ssa.Phi:
		for _, x := range v.Edges {
			if !join(x) {
				return nil, false
			}
		}
		return out, true
	case *ssa.Slice:
		al, ok := v.X.(*ssa.Alloc)
		if !ok {
			return r.elements(v.X, e, depth, seen)
		}
		for _, ref := range *al.Referrers() {
			switch ref := ref.(type) {
			case *ssa.Slice:
			case *ssa.IndexAddr:
				for _, use := range *ref.Referrers() {
					st, ok := use.(*ssa.Store)
					if !ok || st.Addr != ref {
						return nil, false
					}
					out = append(out, st.Val)
				}
			default:
				return nil, false
			}
		}
		return out, true
	case *ssa.Call:
		b, ok := v.Call.Value.(*ssa.Builtin)
		if !ok || b.Name() != "append" || !join(v.Call.Args[0]) || !join(v.Call.Args[1]) {
			return nil, false
		}
		return out, true
	case *ssa.UnOp:
		g, ok := v.X.(*ssa.Global)
		if !ok || v.Op != token.MUL || r.taken[g] || r.Program.Std(g.Pkg.Func("init")) {
			return nil, false
		}
		for _, st := range r.Index.GlobalStores(g) {
			// an element that depends on a parameter could not be told apart
			if st.Parent().Synthetic == "" && len(st.Parent().Params) > 0 || !join(st.Val) {
				return nil, false
			}
		}
		return out, true
	}
	return nil, false
}

// text is the constant that an operand is.
func (r *resolver) text(v ssa.Value, e *env) (string, bool) {
	for range maxDepth {
		switch x := v.(type) {
		case *ssa.Const:
			if x.Value == nil || x.Value.Kind() != constant.String {
				return "", false
			}
			return constant.StringVal(x.Value), true
		case *ssa.ChangeType:
			v = x.X
		case *ssa.Convert:
			v = x.X
		case *ssa.Parameter:
			if e == nil || e.fn != x.Parent() {
				return "", false
			}
			if v = argument(e.call, slices.Index(x.Parent().Params, x)); v == nil {
				return "", false
			}
			e = e.up
		case *ssa.UnOp: // a package variable that is set once
			g, ok := x.X.(*ssa.Global)
			if !ok || x.Op != token.MUL || r.taken[g] {
				return "", false
			}
			st := r.Index.GlobalStores(g)
			if len(st) != 1 {
				return "", false
			}
			v, e = st[0].Val, nil
		default:
			return "", false
		}
	}
	return "", false
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// contextValue is what was put into a context under the key.
func (r *resolver) contextValue(key ssa.Value, depth int) ([]leaf, bool) {
	want := contextKey(key)
	if want == nil {
		return failed, false
	}
	var out []leaf
	for _, call := range r.Index.Calls("context.WithValue") {
		args := call.Instr.Common().Args
		if r.Program.Std(call.In) || r.dead(call.In) {
			continue
		}
		have := contextKey(args[1])
		if have == nil {
			// a helper that takes any key; it cannot name one of another package
			if want.unexported() && call.In.Pkg != nil && call.In.Pkg.Pkg != want.pkg() {
				continue
			}
			return failed, false
		}
		if !types.Identical(have.t, want.t) || have.id != want.id {
			continue
		}
		more, ok := r.resolve(args[2], nil, depth)
		if !ok {
			return failed, false
		}
		for _, m := range more {
			m.at = []boundary.Place{{In: call.In, Pos: call.Instr.Pos()}}
			out = add(out, m)
		}
	}
	r.by(4)
	return out, len(out) > 0
}

// keyOf is a context key: its type and, where one type has several, its value.
type keyOf struct {
	t  types.Type
	id any
}

func (k *keyOf) pkg() *types.Package { return index.Named(k.t).Obj().Pkg() }
func (k *keyOf) unexported() bool    { return !index.Named(k.t).Obj().Exported() }

// contextKey reads a key that its type of this program makes unmistakable.
func contextKey(v ssa.Value) *keyOf {
	m, ok := v.(*ssa.MakeInterface)
	if !ok {
		return nil
	}
	n := index.Named(m.X.Type())
	if n == nil || n.Obj().Pkg() == nil {
		return nil
	}
	switch x := m.X.(type) {
	case *ssa.Const:
		if x.Value == nil {
			return &keyOf{t: m.X.Type()}
		}
		return &keyOf{m.X.Type(), x.Value.ExactString()}
	case *ssa.UnOp:
		if g, ok := x.X.(*ssa.Global); ok {
			return &keyOf{m.X.Type(), g}
		}
		if st, ok := m.X.Type().Underlying().(*types.Struct); ok && st.NumFields() == 0 {
			return &keyOf{t: m.X.Type()}
		}
	case *ssa.Global:
		return &keyOf{m.X.Type(), x}
	}
	return nil
}
