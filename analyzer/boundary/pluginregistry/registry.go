package pluginregistry

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
)

// registry is the registrations of one struct type.
type registry struct {
	t       *types.Named
	maker   int   // the field with the constructor
	keys    []int // the string fields
	entries []registration
}

// registration is one struct that files a constructor.
type registration struct {
	at    *ssa.Alloc
	keys  map[int]string // those that are constant
	open  map[int]bool   // those that are set to something else
	maker ssa.Value
}

// registration notes a struct literal that has constant keys and a constructor.
func (f *finder) registration(al *ssa.Alloc) {
	n := index.Named(al.Type())
	if n == nil || n.Obj().Pkg() == nil {
		return
	}
	g, known := f.registries[n.Obj()]
	if !known {
		g = shapeOf(n)
		f.registries[n.Obj()] = g
	}
	if g == nil {
		return
	}
	e := registration{at: al, keys: map[int]string{}, open: map[int]bool{}}
	r := &resolver{finder: f}
	for _, ref := range *al.Referrers() {
		fa, ok := ref.(*ssa.FieldAddr)
		if !ok {
			continue
		}
		for _, use := range *fa.Referrers() {
			st, ok := use.(*ssa.Store)
			if !ok || st.Addr != fa {
				continue
			}
			if fa.Field == g.maker {
				e.maker = st.Val
			} else if slices.Contains(g.keys, fa.Field) {
				if s, ok := r.text(st.Val, nil); ok {
					e.keys[fa.Field] = s
				} else {
					e.open[fa.Field] = true
				}
			}
		}
	}
	if e.maker != nil && len(e.keys)+len(e.open) > 0 {
		g.entries = append(g.entries, e)
	}
}

// shapeOf is the registry of a struct type that has string fields and one
// function that makes an instance, nil for other types.
func shapeOf(n *types.Named) *registry {
	st, ok := n.Underlying().(*types.Struct)
	if !ok || n.TypeArgs().Len() > 0 {
		return nil
	}
	g := &registry{t: n, maker: -1}
	for i := range st.NumFields() {
		t := st.Field(i).Type()
		if isString(t) {
			g.keys = append(g.keys, i)
		}
		sig, ok := t.Underlying().(*types.Signature)
		if !ok || sig.Results().Len() == 0 || !types.IsInterface(sig.Results().At(0).Type()) || isError(sig.Results().At(0).Type()) {
			continue
		}
		if g.maker >= 0 {
			return nil
		}
		g.maker = i
	}
	if g.maker < 0 || len(g.keys) == 0 {
		return nil
	}
	return g
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// filed is the registrations that a call of fn with these arguments asks for,
// nil when it is no lookup or its keys are not constant.
func (r *resolver) filed(fn *ssa.Function, c ssa.CallInstruction, e *env) (*registry, []registration) {
	res := fn.Signature.Results()
	if res.Len() == 0 || !types.IsInterface(res.At(0).Type()) || isError(res.At(0).Type()) || fn.Pkg == nil {
		return nil, nil
	}
	for _, g := range r.sortedRegistries() {
		keys, ok := g.asked(fn)
		if !ok {
			continue
		}
		words := map[int]string{}
		for i := range keys {
			a := argument(c, i)
			if a == nil {
				return nil, nil
			}
			if words[i], ok = r.text(a, e); !ok {
				return nil, nil
			}
		}
		var out []registration
		for _, en := range g.entries {
			if !r.dead(en.at.Parent()) && en.answers(keys, words) {
				out = append(out, en)
			}
		}
		return g, out
	}
	return nil, nil
}

func (f *finder) sortedRegistries() []*registry {
	if f.sorted != nil {
		return f.sorted
	}
	out := []*registry{}
	for _, g := range f.registries {
		if g != nil && len(g.entries) > 1 && f.inSight(g) {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b *registry) int { return int(a.t.Obj().Pos() - b.t.Obj().Pos()) })
	f.sorted = out
	return out
}

// inSight reports whether every key and constructor is set where its
// registration is made.
func (f *finder) inSight(g *registry) bool {
	st := g.t.Underlying().(*types.Struct)
	for _, i := range append([]int{g.maker}, g.keys...) {
		v := st.Field(i).Origin()
		if f.takenFields[v] {
			return false
		}
		for _, store := range f.Index.FieldStores(v) {
			at, ok := store.Addr.(*ssa.FieldAddr)
			if !ok {
				return false
			}
			if _, ok := at.X.(*ssa.Alloc); !ok {
				return false
			}
		}
	}
	return true
}

// asked is, for each string parameter of fn, the key fields that it can name.
func (g *registry) asked(fn *ssa.Function) (map[int][]int, bool) {
	st := g.t.Underlying().(*types.Struct)
	keys := map[int][]int{}
	own := fn.Pkg.Pkg == g.t.Obj().Pkg()
	for i, p := range fn.Params {
		if !isString(p.Type()) {
			continue
		}
		var fields []int
		for _, k := range g.keys {
			if types.Identical(st.Field(k).Type(), p.Type()) {
				fields = append(fields, k)
			}
		}
		if len(fields) == 0 {
			return nil, false
		}
		keys[i] = fields
		if n := index.Named(p.Type()); n != nil && n.Obj().Pkg() == g.t.Obj().Pkg() {
			own = true
		}
	}
	return keys, own && len(keys) > 0
}

// answers reports whether a registration may be filed under the words.
func (en registration) answers(keys map[int][]int, words map[int]string) bool {
	for i, fields := range keys {
		if !slices.ContainsFunc(fields, func(k int) bool {
			s, ok := en.keys[k]
			return en.open[k] || ok && s == words[i]
		}) {
			return false
		}
	}
	return true
}

// registered is rule 1.
func (r *resolver) registered(fn *ssa.Function, c ssa.CallInstruction, e *env, depth int) ([]leaf, bool) {
	g, entries := r.filed(fn, c, e)
	if g == nil || len(entries) == 0 {
		return failed, false
	}
	var out []leaf
	for _, en := range entries {
		makers, ok := r.resolve(en.maker, nil, depth)
		if !ok {
			return failed, false
		}
		for _, m := range makers {
			made, ok := r.returned(m.fn, 0, nil, depth)
			if !ok {
				return failed, false
			}
			for _, l := range made {
				l.at = []boundary.Place{{In: en.at.Parent(), Pos: en.at.Pos()}}
				out = add(out, l)
			}
		}
	}
	r.by(1)
	return out, len(out) > 0
}

// plugin links a lookup to the constructors that are filed under its keys.
func (f *finder) plugin(fn *ssa.Function, c ssa.CallInstruction, static *ssa.Function) {
	r := &resolver{finder: f, active: map[activeKey]bool{}}
	g, entries := r.filed(static, c, nil)
	if g == nil {
		return
	}
	for _, en := range entries {
		makers, _ := r.resolve(en.maker, nil, 0)
		for _, m := range makers {
			if m.fn == nil || f.dead(m.fn) {
				continue
			}
			for _, to := range f.Graph.Through(m.fn) {
				f.out.Links = append(f.out.Links, boundary.Link{
					From: fn, Pos: c.Pos(), To: to, Kind: flow.Plugin, Rule: "pluginregistry/1", Candidates: len(entries),
					Detail: en.name(g), Registered: []boundary.Place{{In: en.at.Parent(), Pos: en.at.Pos()}},
				})
			}
		}
	}
}

// name is the keys of a registration.
func (en registration) name(g *registry) string {
	out := ""
	for _, k := range g.keys {
		if s := en.keys[k]; s != "" {
			if out != "" {
				out += " "
			}
			out += s
		}
	}
	return out
}

// field notes a field whose address goes anywhere.
func (f *finder) field(a *ssa.FieldAddr) {
	v := index.Field(a.X.Type(), a.Field)
	if v == nil || f.takenFields[v] {
		return
	}
	switch v.Type().Underlying().(type) {
	case *types.Interface, *types.Signature, *types.Map, *types.Basic:
	default:
		return
	}
	for _, ref := range *a.Referrers() {
		switch ref := ref.(type) {
		case *ssa.UnOp, *ssa.DebugRef:
		case *ssa.Store:
			if ref.Val == a {
				f.takenFields[v] = true
			}
		default:
			f.takenFields[v] = true
		}
	}
}

// owned reports whether every store to the field is in sight.
func (f *finder) owned(v *types.Var) bool {
	return !f.takenFields[v] && v.Pkg() != nil && f.bodies[v.Pkg()]
}

// entry is one m[key] = value.
type entry struct {
	key   string
	known bool
	value ssa.Value
	in    *env
	at    boundary.Place
}

// lookup is rule 2.
func (r *resolver) lookup(l *ssa.Lookup, e *env, depth int) ([]leaf, bool) {
	updates, ok := r.updates(l.X)
	if !ok || !isString(l.Index.Type()) {
		return failed, false
	}
	word, known := r.text(l.Index, e)
	var out []leaf
	all := true
	for _, mu := range updates {
		if r.dead(mu.Parent()) {
			r.by(6)
			continue
		}
		for _, en := range r.expand(mu) {
			if known && en.known && en.key != word {
				continue
			}
			all = all && en.known
			more, ok := r.resolve(en.value, en.in, depth)
			if !ok {
				return failed, false
			}
			for _, m := range more {
				m.at = []boundary.Place{en.at}
				if !known && en.known {
					m.label = en.key
				}
				out = add(out, m)
			}
		}
	}
	if all {
		r.by(2)
	}
	return out, true
}

// updates is every write to the map that v is, not ok when the map goes where
// it cannot be followed.
func (r *resolver) updates(v ssa.Value) ([]*ssa.MapUpdate, bool) {
	var stores []*ssa.Store
	var loads []*ssa.UnOp
	switch v := v.(type) {
	case *ssa.MakeMap:
		return mapUses(v)
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return nil, false
		}
		switch a := v.X.(type) {
		case *ssa.FieldAddr:
			f := index.Field(a.X.Type(), a.Field)
			if f == nil || !r.owned(f) {
				return nil, false
			}
			stores, loads = r.Index.FieldStores(f), r.Index.FieldLoads(f)
		case *ssa.Global:
			if r.taken[a] || r.Program.Std(a.Pkg.Func("init")) {
				return nil, false
			}
			stores, loads = r.Index.GlobalStores(a), r.Index.GlobalLoads(a)
		default:
			return nil, false
		}
	default:
		return nil, false
	}
	var out []*ssa.MapUpdate
	for _, st := range stores {
		if r.dead(st.Parent()) {
			continue
		}
		switch m := st.Val.(type) {
		case *ssa.Const:
		case *ssa.MakeMap:
			more, ok := mapUses(m)
			if !ok {
				return nil, false
			}
			out = append(out, more...)
		default:
			return nil, false
		}
	}
	for _, l := range loads {
		more, ok := mapUses(l)
		if !ok {
			return nil, false
		}
		out = append(out, more...)
	}
	return out, true
}

// mapUses is the writes through one operand, not ok when it is handed on.
func mapUses(m ssa.Value) ([]*ssa.MapUpdate, bool) {
	var out []*ssa.MapUpdate
	for _, ref := range *m.Referrers() {
		switch ref := ref.(type) {
		case *ssa.MapUpdate:
			if ref.Map != m {
				return nil, false
			}
			out = append(out, ref)
		case *ssa.Lookup, *ssa.Range, *ssa.DebugRef, *ssa.BinOp, *ssa.Store:
		case *ssa.Call:
			if _, ok := ref.Call.Value.(*ssa.Builtin); !ok {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return out, true
}

// expand is the entries that one write makes: with a key that a caller passes,
// one for each caller.
func (r *resolver) expand(mu *ssa.MapUpdate) []entry {
	here := boundary.Place{In: mu.Parent(), Pos: mu.Pos()}
	if s, ok := r.text(mu.Key, nil); ok {
		return []entry{{s, true, mu.Value, nil, here}}
	}
	unknown := []entry{{"", false, mu.Value, nil, here}}
	callers, ok := r.callers(mu.Parent())
	if !ok {
		return unknown
	}
	var out []entry
	for _, c := range callers {
		in := r.env(mu.Parent(), c, nil)
		s, ok := r.text(mu.Key, in)
		if !ok {
			return unknown
		}
		out = append(out, entry{s, true, mu.Value, in, boundary.Place{In: c.Parent(), Pos: c.Pos()}})
	}
	return out
}

// named is rule 3: v is returned where v.Name() == word.
func (r *resolver) named(v ssa.Value, b *ssa.BasicBlock, e *env, depth int) ([]leaf, bool) {
	if len(b.Preds) != 1 || !types.IsInterface(v.Type()) {
		return failed, false
	}
	branch, ok := b.Preds[0].Instrs[len(b.Preds[0].Instrs)-1].(*ssa.If)
	if !ok || b.Preds[0].Succs[0] != b {
		return failed, false
	}
	cmp, ok := branch.Cond.(*ssa.BinOp)
	if !ok || cmp.Op != token.EQL {
		return failed, false
	}
	call, key := asks(cmp.X, v), cmp.Y
	if call == nil {
		call, key = asks(cmp.Y, v), cmp.X
	}
	if call == nil {
		return failed, false
	}
	all, ok := r.resolve(v, e, depth)
	if !ok {
		return failed, false
	}
	word, known := r.text(key, e)
	var out []leaf
	for _, l := range all {
		name, ok := r.says(l, call)
		if !ok {
			return all, true
		}
		if known && name != word {
			continue
		}
		if !known {
			l.label = name
		}
		out = append(out, l)
	}
	r.rule = 3
	return out, true
}

// asks is the call when x is v.Name().
func asks(x, v ssa.Value) *ssa.Call {
	c, ok := x.(*ssa.Call)
	if !ok || !c.Call.IsInvoke() || c.Call.Value != v || len(c.Call.Args) > 0 {
		return nil
	}
	return c
}

// says is the constant that the method returns.
func (r *resolver) says(l leaf, call *ssa.Call) (string, bool) {
	name, found := "", false
	for _, fn := range r.reached(&call.Call, l) {
		for _, b := range fn.Blocks {
			ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if !ok {
				continue
			}
			s, ok := r.text(ret.Results[0], nil)
			if !ok || found && s != name {
				return "", false
			}
			name, found = s, true
		}
	}
	return name, found
}
