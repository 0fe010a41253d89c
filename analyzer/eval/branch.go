package eval

import (
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// never reports whether control cannot come to b from its predecessor i,
// because a field of an object that is known was given another value than the
// way asks for, or a text begins otherwise: if p.Command == "" { command = "default" },
// if path[0] == '/' { path = "." + path }.
func (e *evaluation) never(b *ssa.BasicBlock, i int, fr *Frame) bool {
	to, from := b, b.Preds[i]
	if len(from.Instrs) == 1 && len(from.Preds) == 1 {
		to, from = from, from.Preds[0]
	}
	branch, ok := from.Instrs[len(from.Instrs)-1].(*ssa.If)
	if !ok || from.Succs[0] == from.Succs[1] {
		return false
	}
	cmp, ok := branch.Cond.(*ssa.BinOp)
	if !ok || cmp.Op != token.EQL && cmp.Op != token.NEQ {
		return false
	}
	word, ok := cmp.Y.(*ssa.Const)
	if !ok || word.Value == nil || !isByteOfText(cmp.X) && (!isString(cmp.X.Type()) || !e.given(cmp.X, fr)) {
		return false
	}
	values := e.eval(cmp.X, fr)
	equal := func(v Value) (yes, known bool) {
		s, ok := AsText(v).Const()
		return s == constText(word).Pattern(), ok
	}
	yes, known := equal(values[0])
	for _, v := range values {
		if y, k := equal(v); !known || !k || y != yes {
			return false
		}
	}
	taken := from.Succs[1]
	if yes == (cmp.Op == token.EQL) {
		taken = from.Succs[0]
	}
	return to != taken
}

// isByteOfText reports whether v is a byte of a text.
func isByteOfText(v ssa.Value) bool {
	at, ok := v.(*ssa.Index)
	return ok && isString(at.X.Type())
}

// given reports whether v reads a field that the literals of all objects it
// can belong to fill in.
func (e *evaluation) given(v ssa.Value, fr *Frame) bool {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return false
	}
	at, ok := load.X.(*ssa.FieldAddr)
	if !ok {
		return false
	}
	for _, base := range e.eval(at.X, fr) {
		o, ok := base.(Object)
		if !ok {
			return false
		}
		if _, ok := o.Site.(*ssa.Alloc); !ok || len(fieldStores(o.Site, append(slices.Clone(o.Path), at.Field))) == 0 {
			return false
		}
	}
	return true
}
