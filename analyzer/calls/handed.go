package calls

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/program"
)

// handedOn finds the functions that stand as arguments of the call. What an
// option constructor returns is called by the callee, if that has a body; so is a
// parameter with which the callee does nothing else, if it is known what flows there.
func (b *builder) handedOn(cc *ssa.CallCommon, callees []*ssa.Function) []*ssa.Function {
	seen := slices.ContainsFunc(callees, func(f *ssa.Function) bool { return f.Blocks != nil })
	var out []*ssa.Function
	for i, a := range cc.Args {
		if _, ok := a.Type().Underlying().(*types.Signature); !ok {
			continue
		}
		if seen && b.Note == "" && !cc.IsInvoke() && !slices.ContainsFunc(callees, func(f *ssa.Function) bool {
			return len(f.Params) != len(cc.Args) || !onlyCalled(f, i, 0)
		}) {
			continue
		}
		if _, made := a.(*ssa.Call); !made || !seen {
			out = append(out, Literals(a)...)
		}
	}
	return out
}

// maxHelpers is how many functions hand a function on that the last of them calls.
const maxHelpers = 3

// onlyCalled reports whether a function does nothing with its parameter i but call it,
// or hand it to one that does the same.
func onlyCalled(f *ssa.Function, i, depth int) bool {
	if f.Blocks == nil || i >= len(f.Params) || depth > maxHelpers {
		return false
	}
	p := f.Params[i]
	return len(*p.Referrers()) > 0 && !slices.ContainsFunc(*p.Referrers(), func(r ssa.Instruction) bool {
		switch r := r.(type) {
		case *ssa.DebugRef:
			return false
		case *ssa.Call:
			if n := slices.Index(r.Call.Args, ssa.Value(p)); n >= 0 {
				return r.Call.StaticCallee() == nil || !onlyCalled(r.Call.StaticCallee(), n, depth+1)
			}
			return false
		}
		return true
	})
}

// Wraps reports whether f is a function of the standard library that calls nothing: it
// returns a function that calls its argument.
func Wraps(f *ssa.Function) bool {
	switch program.Symbol(f) {
	case "sync.OnceFunc", "sync.OnceValue", "sync.OnceValues":
		return true
	}
	return false
}

// Handed is the arguments by which a call gives functions to a library without
// bodies, but for those that Literals knows: such a library calls what it is given.
func (s *Site) Handed() []ssa.Value {
	if s.Rule == Passed || slices.ContainsFunc(s.Callees, func(f *ssa.Function) bool { return f.Blocks != nil }) {
		return nil
	}
	cc := s.Instr.Common()
	if f := cc.StaticCallee(); f == nil && !cc.IsInvoke() || f != nil && (f.Blocks != nil || Wraps(f)) {
		return nil
	}
	var out []ssa.Value
	for _, a := range cc.Args {
		_, function := a.Type().Underlying().(*types.Signature)
		if _, constant := a.(*ssa.Const); function && !constant && len(Literals(a)) == 0 {
			out = append(out, a)
		}
	}
	return out
}
