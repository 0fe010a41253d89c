package calls

import (
	"go/token"
	"go/types"
	"maps"
	"slices"

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

// Refusing is the blocks of f that end by returning an error that is made for
// them.
func Refusing(f *ssa.Function, known Errors) map[*ssa.BasicBlock]bool {
	out := map[*ssa.BasicBlock]bool{}
	for _, b := range f.Blocks {
		if (makers{known}).refuses(b) {
			out[b] = true
		}
	}
	return out
}

// Failed is the blocks of f that are there for an error alone: those that Failing and
// Refusing have, but for those in which a certain error is dealt with, so that the
// function goes on: what is missing is fetched.
func Failed(f *ssa.Function, known Errors) map[*ssa.BasicBlock]bool {
	failing, refusing := Failing(f), Refusing(f, known)
	maps.Copy(failing, refusing)
	for _, b := range f.Blocks {
		cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
		if !ok {
			continue
		}
		if _, predicate := cond.Cond.(*ssa.Call); !predicate || failingSide(b, cond.Cond) == nil || len(b.Succs[0].Preds) > 1 {
			continue
		}
		for _, d := range f.Blocks {
			if b.Succs[0].Dominates(d) && !refusing[d] && !underError(d, b.Succs[0]) && goesOn(d, b.Succs[0], refusing) {
				delete(failing, d)
			}
		}
	}
	return failing
}

// underError reports whether an error was found between the block from and b, which
// it dominates.
func underError(b, from *ssa.BasicBlock) bool {
	for ; b != from; b = b.Idom() {
		before := b.Idom()
		if cond, ok := before.Instrs[len(before.Instrs)-1].(*ssa.If); ok && failingSide(before, cond.Cond) == b {
			return true
		}
	}
	return false
}

// goesOn reports whether a run that comes to b, which region dominates, can leave the
// region without returning.
func goesOn(b, region *ssa.BasicBlock, refusing map[*ssa.BasicBlock]bool) bool {
	seen := map[*ssa.BasicBlock]bool{}
	for work := []*ssa.BasicBlock{b}; len(work) > 0; {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		switch {
		case seen[b] || refusing[b]:
			continue
		case !region.Dominates(b):
			return true
		}
		seen[b] = true
		work = append(work, b.Succs...)
	}
	return false
}

// Errors knows what functions of libraries return, by their symbols.
type Errors interface {
	Fails(symbol string) bool // an error in every run
	Wraps(symbol string) bool // an error where their first argument is one
}

// makers finds errors that are made.
type makers struct{ Errors }

// refuses reports whether b ends by returning an error that is made for it.
func (m makers) refuses(b *ssa.BasicBlock) bool {
	r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
	if !ok || len(r.Results) == 0 {
		return false
	}
	return m.surely(assigned(r.Results[len(r.Results)-1], b), nil, maxMakers)
}

// maxMakers is how many functions that make errors may stand behind each other:
// one for each class of error, and one that they share.
const maxMakers = 3

// surely reports whether v is an error in every run. Of the parameters of its
// function those are one that sure has.
func (m makers) surely(v ssa.Value, sure map[*ssa.Parameter]bool, depth int) bool {
	if !isError(v.Type()) || depth == 0 {
		return false
	}
	switch v := v.(type) {
	case *ssa.MakeInterface:
		return true
	case *ssa.ChangeInterface:
		return m.surely(v.X, sure, depth)
	case *ssa.UnOp:
		_, global := v.X.(*ssa.Global)
		return global
	case *ssa.Parameter:
		return sure[v]
	case *ssa.Call:
		fn := v.Call.StaticCallee()
		symbol := program.Symbol(fn)
		return fn != nil && (m.Fails(symbol) || m.Wraps(symbol) && m.surely(v.Call.Args[0], sure, depth) || m.always(fn, v.Call.Args, sure, depth-1))
	}
	return false
}

// always reports whether a function returns an error in every run that these arguments
// begin.
func (m makers) always(fn *ssa.Function, args []ssa.Value, sure map[*ssa.Parameter]bool, depth int) bool {
	given := map[*ssa.Parameter]bool{}
	for i, p := range fn.Params {
		given[p] = i < len(args) && m.surely(args[i], sure, depth)
	}
	found := false
	for _, b := range fn.Blocks {
		r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok || withoutError(b, given) {
			continue
		}
		if len(r.Results) != 1 || !m.surely(assigned(r.Results[0], b), given, depth) {
			return false
		}
		found = true
	}
	return found
}

// withoutError reports whether a block runs only where one of some errors is nil.
func withoutError(b *ssa.BasicBlock, errs map[*ssa.Parameter]bool) bool {
	for ; b.Idom() != nil; b = b.Idom() {
		before := b.Idom()
		cond, ok := before.Instrs[len(before.Instrs)-1].(*ssa.If)
		if !ok || len(b.Preds) > 1 {
			continue
		}
		asks, ok := cond.Cond.(*ssa.BinOp)
		if !ok || !IsNil(asks.Y) {
			continue
		}
		p, ok := asks.X.(*ssa.Parameter)
		if fails := failingSide(before, asks); ok && errs[p] && fails != nil && fails != b {
			return true
		}
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

// IsNil reports whether v is the constant nil.
func IsNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.IsNil()
}
