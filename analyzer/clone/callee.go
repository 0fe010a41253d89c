package clone

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
)

// target is a function that is called, and with what.
type target struct {
	fn    eval.Func
	args  []eval.Answer
	filed []eval.Filing // where it is kept, under a key that the call does not tell
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

// get is argument i, without the receiver of an interface call.
func (a *arguments) get(i int) eval.Answer {
	if a.known == nil {
		a.known = make([]eval.Answer, len(a.cc.Args))
	}
	if len(a.known[i].Values) == 0 {
		a.known[i] = a.at.Answer(a.cc.Args[i], a.frame)
		if !telling(a.known[i]) {
			if g := a.at.Decide().Given(a.cc.Args[i], a.frame); g != nil {
				a.known[i] = eval.Answer{Values: []eval.Value{*g}, Complete: true}
			}
		}
	}
	return a.known[i]
}

// all is every argument.
func (a *arguments) all() []eval.Answer {
	out := make([]eval.Answer, len(a.cc.Args))
	for i := range out {
		out[i] = a.get(i)
	}
	return out
}

// of is the arguments as the relevant parameters of a function, which begin with
// the receiver where the call has one that is no argument.
func (a *arguments) of(in *inputs, receiver bool) []eval.Answer {
	out := make([]eval.Answer, len(in.params))
	shift := 0
	if receiver {
		shift = 1
	}
	for i := range out {
		if in.params[i] && i >= shift && i-shift < len(a.cc.Args) {
			out[i] = a.get(i - shift)
		}
	}
	return out
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
		if b.graph.Wrapper(static) {
			return b.through(f, args.all())
		}
		passed := args.of(b.relevant.of(static), false)
		if h, ok := element(passed); ok && fr.Asked() {
			if found, all := b.each(at, fr, call, h); all {
				return found, true
			}
		}
		return []target{{fn: f, args: passed}}, true
	}
	value := at.Answer(cc.Value, fr)
	if h, ok := value.Element(); ok {
		if found, all := b.each(at, fr, call, h); all {
			return found, true
		}
	}
	out, whole = b.dynamic(value.Values, args)
	return out, whole && value.Complete
}

// dynamic is what a dynamic call reaches that is made on one of the values.
func (b *Builder) dynamic(values []eval.Value, args *arguments) (out []target, whole bool) {
	whole = true
	for _, v := range values {
		if isNil(v) {
			continue
		}
		f, ok := v.(eval.Func)
		if args.cc.IsInvoke() {
			m := b.eval.Method(v, args.cc.Method)
			f, ok = eval.Func{Fn: m}, m != nil
		}
		if !ok {
			whole = false
			continue
		}
		found, all := b.called(f, v, args)
		out, whole = append(out, found...), whole && all
	}
	return out, whole
}

// everywhere is what a dynamic call in the sources under study can reach,
// whoever calls the function it stands in: asked where what is known in the clone
// does not tell. Nothing when not all of it is known, or when the call graph
// knows better.
func (b *Builder) everywhere(at *eval.Context, fr *eval.Frame, s *calls.Site) []target {
	cc := s.Instr.Common()
	if !b.graph.Program.User(s.Caller) || cc.StaticCallee() != nil || len(s.Callees) == 1 || cc.IsInvoke() && calls.Universal(cc.Method) {
		return nil
	}
	options, complete := at.Everywhere(cc.Value, fr)
	if !complete {
		return nil
	}
	args := b.arguments(at, fr, s.Instr)
	var out []target
	for _, o := range options {
		found, whole := b.dynamic([]eval.Value{o.Value}, args)
		if !whole {
			return nil
		}
		for _, t := range found {
			if len(s.Callees) > 0 && !slices.Contains(s.Callees, t.fn.Fn) {
				return nil
			}
			t.filed = o.Filed
			out = append(out, t)
		}
	}
	return out
}

// each is callees for every element of the list or map that h stands for.
func (b *Builder) each(at *eval.Context, fr *eval.Frame, call ssa.CallInstruction, h eval.Hole) (out []target, whole bool) {
	chosen, whole := b.spread(at, h)
	for _, c := range chosen {
		in := c.BindFrame(fr)
		if in == fr {
			return nil, false
		}
		if !b.brief().Decide().Live(in)[call.Block()] {
			continue // of this element something else is asked
		}
		found, all := b.callees(b.brief(), in, call)
		out, whole = append(out, found...), whole && all
	}
	return out, whole
}

// element is the element of a list or map, not chosen, that one of the arguments is.
func element(args []eval.Answer) (eval.Hole, bool) {
	for _, a := range args {
		if h, ok := a.Element(); ok {
			return h, true
		}
	}
	return eval.Hole{}, false
}

// spread is a context for each element that h can be. whole is false when these
// are not all, or when too many were chosen for the call at hand already: of a
// list that is made from itself there is always one more.
func (b *Builder) spread(at *eval.Context, h eval.Hole) (out []*eval.Context, whole bool) {
	out, whole = at.Spread(h)
	if b.chosen += len(out); b.chosen > maxChosen {
		return nil, false
	}
	return out, whole
}

// called is what a dynamic call reaches that goes to f: the value v itself, or
// the method of it.
func (b *Builder) called(f eval.Func, v eval.Value, args *arguments) ([]target, bool) {
	receiver := []eval.Answer{{Values: []eval.Value{v}, Complete: true}}
	if b.graph.Wrapper(f.Fn) {
		passed := args.all()
		if args.cc.IsInvoke() {
			passed = append(receiver, passed...)
		}
		return b.through(f, passed)
	}
	passed := args.of(b.relevant.of(f.Fn), args.cc.IsInvoke())
	if args.cc.IsInvoke() && len(passed) > 0 {
		passed[0] = receiver[0]
	}
	return []target{{fn: f, args: passed}}, true
}

// through is f, or what it calls when f is a wrapper made by the compiler. Where
// the values inside the wrapper are not known, its callees in the call graph are
// what it calls.
func (b *Builder) through(f eval.Func, args []eval.Answer) (out []target, whole bool) {
	if !b.graph.Wrapper(f.Fn) {
		return []target{{fn: f, args: args}}, true
	}
	out, whole = b.inside(f, args)
	if whole {
		return out, true
	}
	for _, fn := range b.graph.Through(f.Fn) {
		if !slices.ContainsFunc(out, func(t target) bool { return t.fn.Fn == fn }) {
			out = append(out, target{fn: eval.Func{Fn: fn}})
		}
	}
	return out, len(out) > 0
}

// inside is what a wrapper calls, as far as the values inside it are known.
func (b *Builder) inside(f eval.Func, args []eval.Answer) (out []target, whole bool) {
	fr := b.eval.Enter(f, args)
	if fr.Nesting() > maxNesting || b.wrappers > maxNesting {
		return nil, false // a wrapper that is called by what it wraps
	}
	b.wrappers++
	defer func() { b.wrappers-- }()
	at := b.brief()
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

// functions is the functions that v can be in fr; whole says that these are all,
// and asked that it is a question at all: what a library made is its own.
func (b *Builder) functions(at *eval.Context, fr *eval.Frame, v ssa.Value) (out []target, whole, asked bool) {
	answer := at.Answer(v, fr)
	whole = answer.Complete
	if h, ok := answer.Element(); ok {
		var chosen []*eval.Context
		chosen, whole = b.spread(at, h)
		for _, c := range chosen {
			found, all, _ := b.functions(c, fr, v)
			out, whole = append(out, found...), whole && all
		}
		return out, whole, true
	}
	for _, x := range answer.Values {
		if f, ok := x.(eval.Func); ok {
			found, all := b.through(f, nil)
			out, whole = append(out, found...), whole && all
		}
		if _, made := x.(eval.Result); !made && !isNil(x) {
			asked = true
		}
	}
	return out, whole, asked
}

func isNil(v eval.Value) bool {
	h, ok := v.(eval.Hole)
	if !ok {
		return false
	}
	c, ok := h.V.(*ssa.Const)
	return ok && c.IsNil()
}
