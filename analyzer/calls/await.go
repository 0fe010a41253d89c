package calls

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// Awaited reports whether somebody waits for the function that is started by c, a go
// statement or a call that is handed it: the function around c receives from a channel
// that it shares with the goroutine, returns such a channel, or calls the method Wait
// of the group that c gives the function to.
func Awaited(c ssa.CallInstruction) bool {
	shared := map[ssa.Value]bool{}
	if _, ok := c.(*ssa.Go); ok {
		for _, v := range append([]ssa.Value{c.Common().Value}, c.Common().Args...) {
			if mc, ok := v.(*ssa.MakeClosure); ok {
				for _, b := range mc.Bindings {
					shared[variable(b)] = true
				}
			} else {
				shared[variable(v)] = true
			}
		}
	} else if sig := c.Common().Signature(); sig.Recv() != nil && !c.Common().IsInvoke() {
		shared[variable(c.Common().Args[0])] = true
	}
	own := c.Common().StaticCallee()
	for f := c.Parent(); f != nil && len(shared) > 0; own, f = f, f.Parent() {
		others(f, own, shared)
		if waits(f, shared) {
			return true
		}
		shared = outside(f, shared)
	}
	return false
}

// others adds to some variables of f those of its other literals that wait on one of
// them: they pass on what they receive.
func others(f, own *ssa.Function, shared map[ssa.Value]bool) {
	for before := -1; before < len(shared); {
		before = len(shared)
		for _, mc := range closures(f) {
			fn := mc.Fn.(*ssa.Function)
			inside := map[ssa.Value]bool{}
			for i, bound := range mc.Bindings {
				if shared[variable(bound)] {
					inside[fn.FreeVars[i]] = true
				}
			}
			if fn == own || !waits(fn, inside) {
				continue
			}
			for _, bound := range mc.Bindings {
				shared[variable(bound)] = true
			}
		}
	}
}

// closures is where f makes its function literals.
func closures(f *ssa.Function) []*ssa.MakeClosure {
	var out []*ssa.MakeClosure
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			if mc, ok := instr.(*ssa.MakeClosure); ok && mc.Fn.(*ssa.Function).Parent() == f {
				out = append(out, mc)
			}
		}
	}
	return out
}

// waits reports whether f waits on one of some variables, or hands a channel in one to
// its caller.
func waits(f *ssa.Function, shared map[ssa.Value]bool) bool {
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			switch x := instr.(type) {
			case *ssa.UnOp:
				if x.Op == token.ARROW && shared[variable(x.X)] {
					return true
				}
			case *ssa.Select:
				for _, s := range x.States {
					if s.Dir == types.RecvOnly && shared[variable(s.Chan)] {
						return true
					}
				}
			case *ssa.Return:
				for _, v := range x.Results {
					if _, ok := v.Type().Underlying().(*types.Chan); ok && shared[variable(v)] {
						return true
					}
				}
			case *ssa.Call:
				callee := x.Call.StaticCallee()
				if callee != nil && callee.Name() == "Wait" && callee.Signature.Recv() != nil && shared[variable(x.Call.Args[0])] {
					return true
				}
			}
		}
	}
	return false
}

// outside is what the function around f calls some variables of f.
func outside(f *ssa.Function, inside map[ssa.Value]bool) map[ssa.Value]bool {
	out := map[ssa.Value]bool{}
	if f.Parent() == nil {
		return out
	}
	for _, mc := range closures(f.Parent()) {
		if mc.Fn != f {
			continue
		}
		for i, bound := range mc.Bindings {
			if inside[f.FreeVars[i]] {
				out[variable(bound)] = true
			}
		}
	}
	return out
}

// variable is the variable that a value is read from, or the value.
func variable(v ssa.Value) ssa.Value {
	for {
		switch x := v.(type) {
		case *ssa.UnOp:
			if x.Op != token.MUL {
				return v
			}
			v = x.X
		case *ssa.FieldAddr:
			v = x.X
		case *ssa.Field:
			v = x.X
		case *ssa.IndexAddr:
			v = x.X
		case *ssa.Index:
			v = x.X
		case *ssa.Lookup:
			v = x.X
		case *ssa.Slice:
			v = x.X
		case *ssa.ChangeType:
			v = x.X
		case *ssa.MakeInterface:
			v = x.X
		default:
			return v
		}
	}
}
