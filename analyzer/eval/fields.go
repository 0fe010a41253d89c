package eval

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
)

// Own is the values that are stored to the named field of o by name of the
// variable itself. Unlike Field it leaves out what the variable was copied from
// and what is stored through pointers, so that a later value can hide an
// earlier one; and what is stored on a way that is decided against.
func (c *Context) Own(o Object, name string) []Value {
	i := index.FieldNamed(o.T, name)
	if i < 0 {
		return nil
	}
	e := c.question()
	path := append(append([]int(nil), o.Path...), i)
	var out []Value
	for _, st := range c.running(e.ownStores(o, i, path), o.Frame) {
		out = append(out, e.eval(st.Val, e.frameOf(st, o.Frame))...)
	}
	return distinct(out)
}

// running is the stores that can run when a variable is made in fr.
func (c *Context) running(stores []*ssa.Store, fr *Frame) []*ssa.Store {
	var live map[*ssa.BasicBlock]bool
	return slices.DeleteFunc(slices.Clone(stores), func(st *ssa.Store) bool {
		if fr == nil || st.Parent() != fr.Fn || st.Block().Index == 0 {
			return false
		}
		if live == nil {
			live = c.Decide().Live(c.BindFrame(fr))
		}
		return !live[st.Block()]
	})
}

func (e *evaluation) ownStores(o Object, i int, path []int) []*ssa.Store {
	g, ok := o.Site.(*ssa.Global)
	if !ok {
		return fieldStores(o.Site, path)
	}
	var out []*ssa.Store
	for _, st := range e.ev.Index.FieldStores(index.Field(o.T, i)) {
		if baseOf(st.Addr) == g {
			out = append(out, st)
		}
	}
	return out
}

// StoredAt is where the literal of o gives the named field its value, else
// where o itself stands.
func (c *Context) StoredAt(o Object, name string) token.Pos {
	if i := index.FieldNamed(o.T, name); i >= 0 {
		for _, st := range fieldStores(o.Site, append(append([]int(nil), o.Path...), i)) {
			if pos := st.Addr.Pos(); pos.IsValid() {
				return pos
			}
		}
	}
	return o.Site.Pos()
}

// Sources is the structs that were assigned to o as a whole.
func (c *Context) Sources(o Object) []Object {
	stores := index.StoresTo(o.Site)
	if g, ok := o.Site.(*ssa.Global); ok {
		stores = c.ev.Index.GlobalStores(g)
	}
	e := c.question()
	var out []Object
	for _, st := range stores {
		for _, v := range e.eval(st.Val, e.frameOf(st, o.Frame)) {
			if src, ok := v.(Object); ok && (src.Site != o.Site || src.Frame != o.Frame) {
				src.Path = append(src.Path[:len(src.Path):len(src.Path)], o.Path...)
				out = append(out, src)
			}
		}
	}
	return out
}

// Refine is Evaluator.Contexts, starting from what c has chosen already.
func (c *Context) Refine(ask Question, visit func(*Context)) {
	s := &search{ev: c.ev, ask: ask, visit: visit, left: maxContexts}
	s.from(c)
}

// neverSet reports whether f, a field of the sources under study that holds a
// function, is nil in every object: nothing is stored to it. A decoder makes no
// functions.
func (ev *Evaluator) neverSet(f *types.Var) bool {
	if f == nil || f.Pkg() == nil || !ev.Program.UserPackage(f.Pkg()) {
		return false
	}
	_, function := f.Type().Underlying().(*types.Signature)
	return function && len(ev.Index.FieldStores(f)) == 0 && !ev.Index.FieldAddressed(f)
}
