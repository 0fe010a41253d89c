package calls

import (
	"go/constant"
	"go/token"
	"go/types"
	"maps"
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

// Refusing is the blocks of f that end by returning an error that is made for
// them.
func Refusing(f *ssa.Function) map[*ssa.BasicBlock]bool {
	out := map[*ssa.BasicBlock]bool{}
	for _, b := range f.Blocks {
		if refuses(b) {
			out[b] = true
		}
	}
	return out
}

// Failed is the blocks of f that are there for an error alone: those that Failing and
// Refusing have, but for those in which a certain error is dealt with, so that the
// function goes on: what is missing is fetched.
func Failed(f *ssa.Function) map[*ssa.BasicBlock]bool {
	failing, refusing := Failing(f), Refusing(f)
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

// setSide is the successor of a block with this condition where what it asks for is
// there: a text that is not empty, or a certain one, a switch that is on, an object.
// Where nobody says otherwise, it is not.
func setSide(cond ssa.Value) (side int, known bool) {
	switch cond := cond.(type) {
	case *ssa.UnOp:
		if cond.Op == token.NOT {
			side, known = setSide(cond.X)
			return 1 - side, known
		}
		return 0, cond.Op == token.MUL
	case *ssa.Parameter, *ssa.Field:
		return 0, true
	case *ssa.BinOp:
		k, constant := cond.Y.(*ssa.Const)
		if _, called := cond.X.(*ssa.Call); called || !constant || isError(cond.X.Type()) {
			return 0, false
		}
		nothing := zero(k)
		switch cond.Op {
		case token.NEQ, token.GTR:
			return rank(!nothing), true
		case token.EQL, token.LEQ:
			return rank(nothing), true
		}
	}
	return 0, false
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// zero reports whether k is the zero value of its type.
func zero(k *ssa.Const) bool {
	switch {
	case k.Value == nil:
		return true
	case k.Value.Kind() == constant.String:
		return constant.StringVal(k.Value) == ""
	case k.Value.Kind() == constant.Int:
		return constant.Sign(k.Value) == 0
	}
	return false
}

// Under is how many conditions a block stands under, of those that a run which finds
// no error may pass by: an if around it, or an early return before it. The body of a
// loop is under none for being in the loop, and the cases of a switch are one choice.
type Under struct {
	Open    int
	Special int // those that ask for something: see setSide
}

// Open is the conditions of the blocks of f that stand under any. Where it is known
// which way a block goes on, taken has it.
func Open(f *ssa.Function, taken map[*ssa.BasicBlock]*ssa.BasicBlock) map[*ssa.BasicBlock]Under {
	failing := Failed(f)
	under := map[*ssa.BasicBlock]Under{}
	for _, b := range f.DomPreorder() {
		before := b.Idom()
		if failing[b] || before == nil {
			continue
		}
		u := under[before]
		if avoidable(before, b, failing, taken) {
			if !strings.HasSuffix(before.Comment, nextCase) {
				u.Open++
			}
			if cond, ok := before.Instrs[len(before.Instrs)-1].(*ssa.If); ok && len(b.Preds) == 1 && before.Succs[0] != before.Succs[1] {
				if set, known := setSide(cond.Cond); known && before.Succs[set] == b {
					u.Special++
				}
			}
		}
		if u != (Under{}) {
			under[b] = u
		}
	}
	return under
}

// nextCase ends the comment of a block that asks for another case of a switch.
const nextCase = "switch.next"

// Repeated is the blocks of f that stand in a loop.
func Repeated(f *ssa.Function) map[*ssa.BasicBlock]bool {
	out := map[*ssa.BasicBlock]bool{}
	for _, end := range f.Blocks {
		for _, head := range end.Succs {
			if !head.Dominates(end) {
				continue
			}
			in := map[*ssa.BasicBlock]bool{head: true}
			for work := []*ssa.BasicBlock{end}; len(work) > 0; {
				b := work[len(work)-1]
				work = work[:len(work)-1]
				if !in[b] {
					in[b] = true
					work = append(work, b.Preds...)
				}
			}
			maps.Copy(out, in)
		}
	}
	return out
}

// avoidable reports whether a run that came to the block from can return, and not
// for an error, without passing the block avoid.
func avoidable(from, avoid *ssa.BasicBlock, failing map[*ssa.BasicBlock]bool, taken map[*ssa.BasicBlock]*ssa.BasicBlock) bool {
	type edge struct{ from, to *ssa.BasicBlock }
	seen := map[edge]bool{}
	work := []edge{{nil, from}}
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
	return surelyError(assigned(r.Results[len(r.Results)-1], b), nil, maxMakers)
}

// maxMakers is how many functions that make errors may stand behind each other:
// one for each class of error, and one that they share.
const maxMakers = 3

// surelyError reports whether v is an error in every run. Of the parameters of its
// function those are one that sure has.
func surelyError(v ssa.Value, sure map[*ssa.Parameter]bool, depth int) bool {
	if !isError(v.Type()) || depth == 0 {
		return false
	}
	switch v := v.(type) {
	case *ssa.MakeInterface:
		return true
	case *ssa.ChangeInterface:
		return surelyError(v.X, sure, depth)
	case *ssa.UnOp:
		_, global := v.X.(*ssa.Global)
		return global
	case *ssa.Parameter:
		return sure[v]
	case *ssa.Call:
		fn := v.Call.StaticCallee()
		if s := program.Symbol(fn); s == "errors.New" || s == "fmt.Errorf" {
			return true
		}
		return fn != nil && makesError(fn, v.Call.Args, sure, depth-1)
	}
	return false
}

// makesError reports whether a function returns an error in every run that these
// arguments begin.
func makesError(fn *ssa.Function, args []ssa.Value, sure map[*ssa.Parameter]bool, depth int) bool {
	given := map[*ssa.Parameter]bool{}
	for i, p := range fn.Params {
		given[p] = i < len(args) && surelyError(args[i], sure, depth)
	}
	found := false
	for _, b := range fn.Blocks {
		r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok {
			continue
		}
		if len(r.Results) != 1 || !surelyError(assigned(r.Results[0], b), given, depth) {
			return false
		}
		found = true
	}
	return found
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

// loopBody is the first block of the loop that b decides to enter, nil for others.
func loopBody(b *ssa.BasicBlock) *ssa.BasicBlock {
	if len(b.Succs) != 2 {
		return nil
	}
	kind, body := strings.CutSuffix(b.Succs[0].Comment, ".body")
	if body && (kind == "for" || strings.HasPrefix(kind, "range")) {
		return b.Succs[0]
	}
	return nil
}

// IsNil reports whether v is the constant nil.
func IsNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.IsNil()
}
