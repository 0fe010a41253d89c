package calls

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"
)

// received is rule 5: the methods that an interface call can mean on a value that
// came out of a channel by v, ok := <-c or range, of the types that the program
// makes values of that interface from. VTA loses such a value on its way out of
// the pair.
func (b *builder) received(cc *ssa.CallCommon) []*ssa.Function {
	x, ok := cc.Value.(*ssa.Extract)
	if !ok {
		return nil
	}
	if u, ok := x.Tuple.(*ssa.UnOp); !ok || u.Op != token.ARROW {
		return nil
	}
	if b.boxed == nil {
		b.indexBoxed()
	}
	made, _ := b.boxed.At(cc.Value.Type()).([]types.Type)
	var out []*ssa.Function
	for _, t := range made {
		if m := b.Program.SSA.LookupMethod(t, cc.Method.Pkg(), cc.Method.Name()); m != nil {
			out = append(out, b.through(m)...)
		}
	}
	return out
}

// indexBoxed collects the types of which values of each interface type are made.
func (b *builder) indexBoxed() {
	b.boxed = &typeutil.Map{}
	seen := map[[2]types.Type]bool{}
	for _, f := range b.Program.Funcs {
		for _, block := range f.Blocks {
			for _, instr := range block.Instrs {
				mi, ok := instr.(*ssa.MakeInterface)
				if !ok || seen[[2]types.Type{mi.Type(), mi.X.Type()}] {
					continue
				}
				seen[[2]types.Type{mi.Type(), mi.X.Type()}] = true
				made, _ := b.boxed.At(mi.Type()).([]types.Type)
				b.boxed.Set(mi.Type(), append(made, mi.X.Type()))
			}
		}
	}
}
