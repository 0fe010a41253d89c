package eval

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
)

// contextKey is a key of context.WithValue: its type and, where one type has
// several, which of them.
type contextKey struct {
	t  types.Type
	id any
}

// fromContext is what was put into a context under the key of a call of Value,
// nil where the key can be mistaken for another or somebody files under a key
// that is not known. The type of a key that no other package can name makes it
// unmistakable.
func (e *evaluation) fromContext(v *ssa.Call) []Value {
	want := keyOf(v.Call.Args[0])
	if want == nil {
		return nil
	}
	var out []Value
	for _, call := range e.ev.Index.Calls("context.WithValue") {
		args := call.Instr.Common().Args
		if e.ev.Program.Std(call.In) || e.ev.Index.Dead(call.In) {
			continue
		}
		have := keyOf(args[1])
		if have == nil {
			if want.unexported() && call.In.Pkg != nil && call.In.Pkg.Pkg != want.pkg() {
				continue // a helper that takes any key cannot name this one
			}
			return nil
		}
		if types.Identical(have.t, want.t) && have.id == want.id {
			out = append(out, e.eval(args[2], e.ev.Root(call.In))...)
		}
	}
	return distinct(out)
}

func (k *contextKey) pkg() *types.Package { return index.Named(k.t).Obj().Pkg() }
func (k *contextKey) unexported() bool    { return !index.Named(k.t).Obj().Exported() }

// keyOf is the key that v is, nil where its type is not declared.
func keyOf(v ssa.Value) *contextKey {
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
			return &contextKey{t: m.X.Type()}
		}
		return &contextKey{m.X.Type(), x.Value.ExactString()}
	case *ssa.UnOp:
		if g, ok := x.X.(*ssa.Global); ok {
			return &contextKey{m.X.Type(), g}
		}
		if st, ok := m.X.Type().Underlying().(*types.Struct); ok && st.NumFields() == 0 {
			return &contextKey{t: m.X.Type()}
		}
	case *ssa.Global:
		return &contextKey{m.X.Type(), x}
	}
	return nil
}
