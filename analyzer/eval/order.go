package eval

import (
	"slices"

	"golang.org/x/tools/go/ssa"
)

// storedBefore is the values that the function of v stored to field i of what v
// points to, before control comes to an instruction; nothing when it may still
// be what it was.
func (e *evaluation) storedBefore(v ssa.Value, i int, at ssa.Instruction, fr *Frame) []Value {
	var out []Value
	for _, st := range lastStores(v, i, at) {
		if st == nil {
			return nil
		}
		out = append(out, e.eval(st.Val, fr)...)
	}
	return distinct(out)
}

// lastStores is the stores to field i of what v points to that can be the last
// one when control comes to an instruction; nil among them says that there may
// have been none. Stores through other operands are not seen.
func lastStores(v ssa.Value, i int, at ssa.Instruction) []*ssa.Store {
	byBlock := map[*ssa.BasicBlock][]*ssa.Store{}
	if v.Referrers() == nil {
		return []*ssa.Store{nil}
	}
	for _, r := range *v.Referrers() {
		a, ok := r.(*ssa.FieldAddr)
		if !ok || a.Field != i || a.X != v || a.Referrers() == nil {
			continue
		}
		for _, r := range *a.Referrers() {
			if st, ok := r.(*ssa.Store); ok && st.Addr == a {
				byBlock[st.Block()] = append(byBlock[st.Block()], st)
			}
		}
	}
	if len(byBlock) == 0 {
		return []*ssa.Store{nil}
	}
	var out []*ssa.Store
	seen := map[*ssa.BasicBlock]bool{}
	var walk func(b *ssa.BasicBlock, before int)
	found := func(st *ssa.Store) {
		if !slices.Contains(out, st) {
			out = append(out, st)
		}
	}
	walk = func(b *ssa.BasicBlock, before int) {
		for n := before - 1; n >= 0; n-- {
			if st, ok := b.Instrs[n].(*ssa.Store); ok && slices.Contains(byBlock[b], st) {
				found(st)
				return
			}
			if made, ok := b.Instrs[n].(ssa.Value); ok && made == v {
				found(nil)
				return
			}
		}
		if len(b.Preds) == 0 {
			found(nil)
		}
		for _, p := range b.Preds {
			if !seen[p] {
				seen[p] = true
				walk(p, len(p.Instrs))
			}
		}
	}
	b := at.Block()
	walk(b, slices.Index(b.Instrs, at))
	return out
}
