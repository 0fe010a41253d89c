package boundary

import (
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
)

// Setting is a value that a field of a command object is given.
type Setting struct {
	Value eval.Value
	Ctx   *eval.Context
	In    Made        // the object that has it: the command or one it was copied from
	At    *eval.Frame // where it is stored through a pointer, nil when the object was made with it
	Pos   token.Pos   // of the store when At is set, else of the object
	Maybe bool        // the store stands under a condition that is not decided
}

// Field is the values of a field of m. What is surely stored through a pointer after
// m was made hides what it was made with, and that hides what m was copied from. What
// may be stored stands last.
func (t *CommandObjects) Field(m Made, name string) []Setting {
	all := t.Fields(m, name)
	sure := false
	for i, s := range all {
		if sure && (s.In.Site() != all[i-1].In.Site() || (s.At == nil) != (all[i-1].At == nil)) {
			all = all[:i]
			break
		}
		sure = sure || !s.Maybe
	}
	slices.SortStableFunc(all, func(a, b Setting) int { return likely(a) - likely(b) })
	return all
}

func likely(s Setting) int {
	if s.Maybe {
		return 1
	}
	return 0
}

// Fields is every value that a field of m is ever given, the last first.
func (t *CommandObjects) Fields(m Made, name string) []Setting { return t.fields(m, name, 0) }

func (t *CommandObjects) fields(m Made, name string, depth int) []Setting {
	if depth > 4 {
		return nil
	}
	out := t.laterOf(m, name)
	o, ok := m.Value.(eval.Object)
	if !ok {
		return out
	}
	Settled(m.Ctx, func(c *eval.Context) []eval.Value { return c.Own(o, name) }, func(c *eval.Context, vs []eval.Value) {
		for _, v := range vs {
			out = append(out, Setting{v, c, m, nil, Position(m), false})
		}
	})
	for _, src := range t.Copied(m) {
		out = append(out, t.fields(src, name, depth+1)...)
	}
	return out
}

// passedBy reports whether a function that has the object in hand may go on without
// the store to its field: from where it gets the object there is a way past the store
// to its end, or around a loop to the next object.
func passedBy(st *ssa.Store) bool {
	from, goal := gotten(st.Addr, st.Parent().Blocks[0]), st.Block()
	seen := map[*ssa.BasicBlock]bool{goal: true}
	var past func(*ssa.BasicBlock) bool
	past = func(b *ssa.BasicBlock) bool {
		if b == from && seen[b] {
			return true
		}
		if seen[b] {
			return false
		}
		seen[b] = true
		if len(b.Succs) == 0 {
			_, returns := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			return returns
		}
		return slices.ContainsFunc(b.Succs, past)
	}
	return from != goal && past(from)
}

// maxLed is through how many fields and variables a function is seen to come to an
// object.
const maxLed = 8

// gotten is the block in which a function gets the object that an address is a part
// of, its first for an argument and a package variable.
func gotten(addr ssa.Value, first *ssa.BasicBlock) *ssa.BasicBlock {
	for range maxLed {
		switch a := addr.(type) {
		case *ssa.FieldAddr:
			addr = a.X
		case *ssa.Field:
			addr = a.X
		case *ssa.UnOp:
			addr = a.X
		case *ssa.Alloc:
			if stores := index.StoresTo(a); len(stores) == 1 && stores[0].Parent() == a.Parent() {
				return stores[0].Block()
			}
			return a.Block()
		case ssa.Instruction:
			return a.Block()
		default:
			return first
		}
	}
	return first
}

// laterOf is what is stored to a field of m through pointers: by those who are
// called with m, where these are known, else in every context in which the pointer
// can be to m.
func (t *CommandObjects) laterOf(m Made, name string) []Setting {
	var out []Setting
	add := func(st *ssa.Store, c *eval.Context, fr *eval.Frame) {
		maybe := passedBy(st)
		Settled(c, func(c *eval.Context) []eval.Value { return c.Eval(st.Val, fr) }, func(c *eval.Context, vs []eval.Value) {
			for _, v := range vs {
				out = append(out, Setting{v, c, m, fr, st.Pos(), maybe})
			}
		})
	}
	known := map[*ssa.Store]bool{}
	for _, l := range t.later[name] {
		if known[l.store] || !Same(l.base, m) || t.excluded(m, l) {
			continue
		}
		if o, ok := m.Value.(eval.Object); ok {
			if frames, whole := m.Ctx.StoredBy(o, name, l.store); whole {
				known[l.store] = true
				for _, fr := range frames {
					add(l.store, m.Ctx, fr)
				}
				continue
			}
		}
		c, fr := t.Standing(m, l.base, l.store)
		add(l.store, c, fr)
	}
	return out
}

// excluded reports whether a store surely does not run for m: the function that
// made m hands it to the one that stores, and in m's context that call cannot
// run or goes to another function.
func (t *CommandObjects) excluded(m Made, l laterStore) bool {
	fr := m.Frame()
	if fr == nil {
		return false
	}
	fr = m.Ctx.BindFrame(fr)
	in, c := l.store.Parent(), t.Eval.Context()
	if in == fr.Fn {
		return !c.Decide().Live(fr)[l.store.Block()]
	}
	call, _ := l.base.Ctx.Caller(t.Eval.Root(in))
	if call == nil || call.Parent() != fr.Fn {
		return false
	}
	if !c.Decide().Live(fr)[call.Block()] {
		return true
	}
	if cc := call.Common(); !cc.IsInvoke() && cc.StaticCallee() == nil {
		a := c.Answer(cc.Value, fr)
		return a.Complete && !slices.ContainsFunc(t.Functions(c, a.Values...), func(h Handler) bool { return h.Fn == in })
	}
	return false
}

// maxMakers is more functions than hand an object on that one of them makes.
const maxMakers = 8
