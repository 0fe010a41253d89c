package calls

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/program"
)

// Failing is the blocks of f that run only when an error was found: those
// that the failing side of a comparison of an error with nil dominates, or the
// true side of a predicate of an error (errors.Is, os.IsNotExist).
func Failing(f *ssa.Function) map[*ssa.BasicBlock]bool {
	out := map[*ssa.BasicBlock]bool{}
	for _, b := range f.Blocks {
		cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
		if !ok {
			continue
		}
		fails := failingSide(b, cond.Cond)
		if fails == nil || len(fails.Preds) > 1 {
			continue
		}
		for _, d := range f.Blocks {
			if fails.Dominates(d) {
				out[d] = true
			}
		}
	}
	return out
}

// failingSide is the successor of b where an error was found, nil if its
// condition asks for none.
func failingSide(b *ssa.BasicBlock, cond ssa.Value) *ssa.BasicBlock {
	switch cond := cond.(type) {
	case *ssa.BinOp:
		switch {
		case !isError(cond.X.Type()):
		case cond.Op == token.NEQ:
			return b.Succs[0]
		case cond.Op == token.EQL:
			return b.Succs[1]
		}
	case *ssa.Call:
		if slices.ContainsFunc(cond.Call.Args, func(a ssa.Value) bool { return isError(a.Type()) }) {
			return b.Succs[0]
		}
	}
	return nil
}

func isError(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() == nil && n.Obj().Name() == "error"
}

// Optional is the blocks of f that a call which finds no error may leave out:
// those under an if, or after an early return. The body of a loop is not
// optional for being in the loop. Where it is known which way a block goes on,
// taken has it.
func Optional(f *ssa.Function, taken map[*ssa.BasicBlock]*ssa.BasicBlock) map[*ssa.BasicBlock]bool {
	out := map[*ssa.BasicBlock]bool{}
	failing := Failing(f)
	for _, b := range f.Blocks {
		failing[b] = failing[b] || refuses(b)
	}
	for _, b := range f.Blocks {
		if !failing[b] && hasCall(b) && avoidable(f, b, failing, taken) {
			out[b] = true
		}
	}
	return out
}

func hasCall(b *ssa.BasicBlock) bool {
	for _, instr := range b.Instrs {
		if _, ok := instr.(ssa.CallInstruction); ok {
			return true
		}
	}
	return false
}

// avoidable reports whether f can return, and not for an error, without
// passing the block avoid.
func avoidable(f *ssa.Function, avoid *ssa.BasicBlock, failing map[*ssa.BasicBlock]bool, taken map[*ssa.BasicBlock]*ssa.BasicBlock) bool {
	type edge struct{ from, to *ssa.BasicBlock }
	seen := map[edge]bool{}
	work := []edge{{nil, f.Blocks[0]}}
	for len(work) > 0 {
		e := work[len(work)-1]
		work = work[:len(work)-1]
		if e.to == avoid || failing[e.to] || seen[e] {
			continue
		}
		seen[e] = true
		if _, ok := e.to.Instrs[len(e.to.Instrs)-1].(*ssa.Return); ok {
			return true
		}
		next := e.to.Succs
		if body := loopBody(e.to); body != nil && body.Dominates(avoid) {
			// A loop around it runs once at least: it ends from its body only.
			if next = next[1:]; e.from == nil || !body.Dominates(e.from) {
				next = []*ssa.BasicBlock{body}
			}
		}
		var fails *ssa.BasicBlock
		if branch, ok := e.to.Instrs[len(e.to.Instrs)-1].(*ssa.If); ok {
			fails = failingSide(e.to, branch.Cond)
		}
		for _, n := range next {
			if only := taken[e.to]; n != fails && (only == nil || only == n) {
				work = append(work, edge{e.to, n})
			}
		}
	}
	return false
}

// refuses reports whether b ends by returning an error that is made for it.
func refuses(b *ssa.BasicBlock) bool {
	r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
	if !ok || len(r.Results) == 0 {
		return false
	}
	switch err := assigned(r.Results[len(r.Results)-1], b).(type) {
	case *ssa.MakeInterface:
		return isError(err.Type())
	case *ssa.UnOp:
		_, global := err.X.(*ssa.Global)
		return global && isError(err.Type())
	case *ssa.Call:
		s := program.Symbol(err.Call.StaticCallee())
		return s == "errors.New" || s == "fmt.Errorf"
	}
	return false
}

// assigned is what b last stored in the variable that v is read from, v if it
// is read from none: where a function has defers, a return assigns its results
// and reads them again.
func assigned(v ssa.Value, b *ssa.BasicBlock) ssa.Value {
	read, ok := v.(*ssa.UnOp)
	if !ok {
		return v
	}
	for _, instr := range slices.Backward(b.Instrs) {
		if st, ok := instr.(*ssa.Store); ok && st.Addr == read.X {
			return st.Val
		}
	}
	return v
}

// loopBody is the first block of the loop that b is the head of, nil for others.
func loopBody(b *ssa.BasicBlock) *ssa.BasicBlock {
	if strings.HasSuffix(b.Comment, ".loop") && len(b.Succs) == 2 {
		return b.Succs[0]
	}
	return nil
}

// IsNil reports whether v is the constant nil.
func IsNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.IsNil()
}
