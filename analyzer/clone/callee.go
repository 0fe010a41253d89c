package clone

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
)

// target is a function that is called, and with what.
type target struct {
	fn   eval.Func
	args []eval.Answer
}

// arguments is what a call passes, evaluated when it is asked for.
type arguments struct {
	at    *eval.Context
	frame *eval.Frame
	cc    *ssa.CallCommon
	known []eval.Answer
}

func (b *Builder) arguments(at *eval.Context, fr *eval.Frame, call ssa.CallInstruction) *arguments {
	return &arguments{at: at, frame: fr, cc: call.Common()}
}

// all is the arguments without the receiver of an interface call.
func (a *arguments) all() []eval.Answer {
	if a.known == nil {
		a.known = make([]eval.Answer, len(a.cc.Args))
		for i, v := range a.cc.Args {
			a.known[i] = a.at.Answer(v, a.frame)
		}
	}
	return a.known
}

// from is the arguments as the parameters of f, of which the receiver of an
// interface call is not known.
func (a *arguments) from(f *ssa.Function) []eval.Answer {
	if a.cc.IsInvoke() {
		return append([]eval.Answer{{}}, a.all()...)
	}
	return a.all()
}

// callees is the functions that a call reaches, as far as the values that decide
// it are known; whole tells whether these are all.
func (b *Builder) callees(at *eval.Context, fr *eval.Frame, call ssa.CallInstruction) (out []target, whole bool) {
	cc := call.Common()
	args := b.arguments(at, fr, call)
	if static := cc.StaticCallee(); static != nil {
		f := eval.Func{Fn: static}
		if mc, ok := cc.Value.(*ssa.MakeClosure); ok {
			f.Closure, f.Frame = mc, fr
		}
		return b.through(f, b.needed(f.Fn, args))
	}
	whole = true
	value := at.Answer(cc.Value, fr)
	for _, v := range value.Values {
		if isNil(v) {
			continue
		}
		f, ok := v.(eval.Func)
		passed := args.all()
		if cc.IsInvoke() {
			m := b.eval.Method(v, cc.Method)
			f, ok = eval.Func{Fn: m}, m != nil
			passed = append([]eval.Answer{{Values: []eval.Value{v}, Complete: true}}, passed...)
		}
		if !ok {
			whole = false
			continue
		}
		found, all := b.through(f, passed)
		out, whole = append(out, found...), whole && all
	}
	return out, whole && value.Complete
}

// needed is the arguments of a call of f, nil when none of them matters.
func (b *Builder) needed(f *ssa.Function, args *arguments) []eval.Answer {
	if b.graph.Wrapper(f) || slices.Contains(b.relevant.of(f).params, true) {
		return args.all()
	}
	return nil
}

// through is f, or what it calls when f is a wrapper made by the compiler.
func (b *Builder) through(f eval.Func, args []eval.Answer) (out []target, whole bool) {
	if !b.graph.Wrapper(f.Fn) {
		return []target{{f, args}}, true
	}
	fr := b.eval.Enter(f, args)
	if fr.Nesting() > maxNesting {
		return nil, false
	}
	at := b.eval.Brief()
	whole = true
	for _, block := range f.Fn.Blocks {
		for _, instr := range block.Instrs {
			c, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			if _, builtin := c.Common().Value.(*ssa.Builtin); builtin {
				continue // ssa:wrapnilchk
			}
			found, all := b.callees(at, fr, c)
			out, whole = append(out, found...), whole && all
		}
	}
	return out, whole
}

// handed is the functions that a call hands on, with what they captured.
func (b *Builder) handed(at *eval.Context, fr *eval.Frame, s *calls.Site) []target {
	var out []target
	for _, a := range s.Instr.Common().Args {
		for _, v := range at.Answer(a, fr).Values {
			f, ok := v.(eval.Func)
			if !ok {
				continue
			}
			found, _ := b.through(f, nil)
			for _, t := range found {
				if slices.Contains(s.Callees, t.fn.Fn) {
					out = append(out, t)
				}
			}
		}
	}
	for _, f := range s.Callees {
		if !slices.ContainsFunc(out, func(t target) bool { return t.fn.Fn == f }) {
			out = append(out, target{fn: eval.Func{Fn: f}})
		}
	}
	return out
}

func isNil(v eval.Value) bool {
	h, ok := v.(eval.Hole)
	if !ok {
		return false
	}
	c, ok := h.V.(*ssa.Const)
	return ok && c.IsNil()
}
