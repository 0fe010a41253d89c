package calls

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// Failing is the blocks of f that run only when an error was found:
// those that the failing side of a comparison of an error with nil dominates.
func Failing(f *ssa.Function) map[*ssa.BasicBlock]bool {
	var out map[*ssa.BasicBlock]bool
	for _, b := range f.Blocks {
		cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
		if !ok {
			continue
		}
		cmp, ok := cond.Cond.(*ssa.BinOp)
		if !ok || !isError(cmp.X.Type()) {
			continue
		}
		fails := b.Succs[0]
		switch cmp.Op {
		case token.EQL:
			fails = b.Succs[1]
		case token.NEQ:
		default:
			continue
		}
		if len(fails.Preds) > 1 {
			continue
		}
		for _, d := range f.Blocks {
			if fails.Dominates(d) {
				if out == nil {
					out = map[*ssa.BasicBlock]bool{}
				}
				out[d] = true
			}
		}
	}
	return out
}

func isError(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() == nil && n.Obj().Name() == "error"
}
