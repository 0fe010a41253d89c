package eval

import (
	"go/token"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/text"
)

// stored is the values that stores give a variable, each in its frame, but for one
// that makes sure of an end, if !strings.HasSuffix(s, "/") { s += "/" }: that end
// is for all values that the variable has.
func (e *evaluation) stored(stores []*ssa.Store, frame func(*ssa.Store) *Frame) (out []Value, end string) {
	for _, st := range stores {
		if s, ok := ensures(st); ok {
			end = s
			continue
		}
		out = append(out, e.eval(st.Val, frame(st))...)
	}
	return out, end
}

// ended is the values with an end that is made sure of.
func ended(values []Value, end string) []Value {
	if end == "" {
		return values
	}
	out := make([]Value, len(values))
	for i, x := range values {
		t := AsText(x)
		has, known := t.HasSuffix(end)
		switch {
		case !known:
			out[i] = Text{Text: text.Concat(t.Text, text.Likely(end))}
		case !has:
			out[i] = Text{Text: text.Concat(t.Text, text.Lit(end))}
		default:
			out[i] = x
		}
	}
	return out
}

// ensures is the end that a store gives a text which did not have it.
func ensures(st *ssa.Store) (end string, ok bool) {
	longer, ok := st.Val.(*ssa.BinOp)
	if !ok || longer.Op != token.ADD || len(st.Block().Preds) != 1 || !readsSame(longer.X, st.Addr) {
		return "", false
	}
	k, ok := longer.Y.(*ssa.Const)
	if !ok {
		return "", false
	}
	from := st.Block().Preds[0]
	branch, ok := from.Instrs[len(from.Instrs)-1].(*ssa.If)
	if !ok || from.Succs[1] != st.Block() {
		return "", false
	}
	asked, ok := branch.Cond.(*ssa.Call)
	if !ok || program.Symbol(asked.Call.StaticCallee()) != "strings.HasSuffix" || !readsSame(asked.Call.Args[0], st.Addr) {
		return "", false
	}
	if same, ok := asked.Call.Args[1].(*ssa.Const); !ok || same.Value == nil || same.Value.ExactString() != k.Value.ExactString() {
		return "", false
	}
	return constText(k).Pattern(), true
}

// readsSame reports whether v reads the variable or field at an address.
func readsSame(v, addr ssa.Value) bool {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return false
	}
	if load.X == addr {
		return true
	}
	a, ok1 := load.X.(*ssa.FieldAddr)
	b, ok2 := addr.(*ssa.FieldAddr)
	return ok1 && ok2 && a.X == b.X && index.Field(a.X.Type(), a.Field) == index.Field(b.X.Type(), b.Field)
}
