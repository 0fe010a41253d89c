package pluginregistry

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
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
	c, root := f.Eval.Context(), f.Eval.Root(al.Parent())
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
				if s, ok := constant(c.Eval(st.Val, root)); ok {
					e.keys[fa.Field] = s
				} else {
					e.open[fa.Field] = true
				}
			}
		}
	}
	if e.maker != nil && len(e.keys)+len(e.open) > 0 && !f.Index.Dead(al.Parent()) {
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

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// constant is the one text that values are.
func constant(values []eval.Value) (string, bool) {
	if len(values) != 1 {
		return "", false
	}
	return eval.AsText(values[0]).Const()
}

// lookup is how fn is asked for what is filed in a registry.
type lookup struct {
	*registry
	keys map[int][]int // by parameter, the key fields that it can name
}

// lookup tells whether fn looks up what is filed, and in which registry.
func (f *finder) lookup(fn *ssa.Function) *lookup {
	res := fn.Signature.Results()
	if res.Len() == 0 || !types.IsInterface(res.At(0).Type()) || isError(res.At(0).Type()) || fn.Pkg == nil {
		return nil
	}
	for _, g := range f.sortedRegistries() {
		if keys, ok := g.asked(fn); ok {
			return &lookup{g, keys}
		}
	}
	return nil
}

// filed is the registrations that are asked for by the words, one for each
// parameter that is a key.
func (l *lookup) filed(words map[int]string) []registration {
	var out []registration
	for _, en := range l.entries {
		if en.answers(l.keys, words) {
			out = append(out, en)
		}
	}
	return out
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
		if f.Index.FieldAddressed(v) {
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

// plugin links a lookup to the constructors that are filed under its keys.
func (f *finder) plugin(call index.Call, l *lookup) {
	c, root := f.Eval.Context(), f.Eval.Root(call.In)
	words := map[int]string{}
	for i := range l.keys {
		var ok bool
		if words[i], ok = constant(c.Eval(eval.Argument(call.Instr, i), root)); !ok {
			return
		}
	}
	entries := l.filed(words)
	for _, en := range entries {
		for _, h := range f.Functions(c, c.Eval(en.maker, f.Eval.Root(en.at.Parent()))...) {
			f.out.Links = append(f.out.Links, boundary.Link{
				From: call.In, Pos: call.Instr.Pos(), To: h.Fn, Kind: flow.Plugin, Rule: "pluginregistry/1", Candidates: len(entries),
				Detail: en.name(l.registry), Registered: []boundary.Place{{In: en.at.Parent(), Pos: en.at.Pos()}},
			})
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
