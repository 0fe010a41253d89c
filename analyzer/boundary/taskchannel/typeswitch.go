package taskchannel

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
)

// typeSwitches notes which calls of fn run for which type of the value, and
// does the same in functions that fn hands it to.
func (f *finder) typeSwitches(fn *ssa.Function, value ssa.Value, depth int) {
	if depth > 3 || value.Referrers() == nil {
		return
	}
	var tests []*ssa.TypeAssert
	for _, v := range aliases(value) {
		for _, r := range *v.Referrers() {
			switch r := r.(type) {
			case *ssa.TypeAssert:
				if r.CommaOk {
					tests = append(tests, r)
				}
			case ssa.CallInstruction:
				callee := r.Common().StaticCallee()
				if callee == nil || r.Common().IsInvoke() {
					continue
				}
				for i, a := range r.Common().Args {
					if a == v && i < len(callee.Params) && types.IsInterface(a.Type()) {
						f.typeSwitches(callee, callee.Params[i], depth+1)
					}
				}
			}
		}
	}
	if len(tests) < 2 || f.switched[fn] {
		return
	}
	f.switched[fn] = true
	for _, t := range tests {
		f.out.Branches = append(f.out.Branches, boundary.Branch{
			In: fn, Sent: true, Word: calls.TypeString(t.AssertedType), Live: liveCalls(fn, tests, t),
		})
	}
}

// aliases is v and what is the same value by another name.
func aliases(v ssa.Value) []ssa.Value {
	out := []ssa.Value{v}
	for i := 0; i < len(out); i++ {
		if out[i].Referrers() == nil {
			continue
		}
		for _, r := range *out[i].Referrers() {
			switch r := r.(type) {
			case *ssa.Extract:
				if _, ok := out[i].(*ssa.TypeAssert); !ok && !slices.Contains(out, ssa.Value(r)) {
					out = append(out, r)
				}
			case *ssa.Phi:
				if !slices.Contains(out, ssa.Value(r)) {
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// liveCalls is the calls of fn that can run when the test `is` succeeds and
// the others fail.
func liveCalls(fn *ssa.Function, tests []*ssa.TypeAssert, is *ssa.TypeAssert) []ssa.CallInstruction {
	return callsOf(fn, func(b *ssa.BasicBlock) []*ssa.BasicBlock {
		switch testOf(b, tests) {
		case nil:
			return b.Succs
		case is:
			return b.Succs[:1]
		}
		return b.Succs[1:]
	})
}

// callsOf is the calls in the blocks that next leads to.
func callsOf(fn *ssa.Function, next func(*ssa.BasicBlock) []*ssa.BasicBlock) []ssa.CallInstruction {
	seen := map[*ssa.BasicBlock]bool{}
	work := []*ssa.BasicBlock{fn.Blocks[0]}
	var out []ssa.CallInstruction
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[b] {
			continue
		}
		seen[b] = true
		for _, instr := range b.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				out = append(out, c)
			}
		}
		work = append(work, next(b)...)
	}
	return out
}

// testOf is the type test that decides where b goes on, nil for none.
func testOf(b *ssa.BasicBlock, tests []*ssa.TypeAssert) *ssa.TypeAssert {
	cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
	if !ok {
		return nil
	}
	ok2, isExtract := cond.Cond.(*ssa.Extract)
	if !isExtract || ok2.Index != 1 {
		return nil
	}
	t, isTest := ok2.Tuple.(*ssa.TypeAssert)
	if !isTest || !slices.Contains(tests, t) {
		return nil
	}
	return t
}

// fieldSwitch is the field of a received struct by whose type the receiver goes on,
// empty for none.
func (f *finder) fieldSwitch(r reception) string {
	s, ok := structOf(r.ch.Type().Underlying().(*types.Chan).Elem())
	if !ok || f.switched[r.fn] {
		return ""
	}
	for i := range s.NumFields() {
		if !types.IsInterface(s.Field(i).Type()) {
			continue
		}
		for _, v := range aliases(r.value) {
			for _, load := range reads(v, i) {
				if f.typeSwitches(r.fn, load, 0); f.switched[r.fn] {
					return s.Field(i).Name()
				}
			}
		}
	}
	return ""
}

// structOf is the struct that t is or points to.
func structOf(t types.Type) (*types.Struct, bool) {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	return s, ok
}

// reads is the reads of field i of a struct, of what it points to, or of the variable
// into which it is put.
func reads(v ssa.Value, i int) []ssa.Value {
	var out []ssa.Value
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.Field:
			if r.Field == i {
				out = append(out, r)
			}
		case *ssa.FieldAddr:
			for _, x := range *r.Referrers() {
				if load, ok := x.(*ssa.UnOp); ok && r.Field == i && load.Op == token.MUL {
					out = append(out, load)
				}
			}
		case *ssa.Store:
			if al, ok := r.Addr.(*ssa.Alloc); ok && r.Val == v {
				out = append(out, reads(al, i)...)
			}
		}
	}
	return out
}

// inField is what is in the field by which the receiver of a channel goes on.
func (f *finder) inField(c *eval.Context, m *ssa.MakeChan, values []eval.Value) []eval.Value {
	name := f.fields[f.id(m)]
	if name == "" {
		return nil
	}
	var out []eval.Value
	for _, v := range values {
		if o, ok := v.(eval.Object); ok {
			out = append(out, c.Field(o, name)...)
		}
	}
	return out
}

func typesOf(values []eval.Value) []types.Type {
	var out []types.Type
	for _, v := range values {
		if t := v.Type(); t != nil {
			out = append(out, t)
		}
	}
	return out
}
