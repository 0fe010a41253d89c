// Package injection follows containers that call functions by reflection, with
// arguments that other functions of theirs return.
//
// Words. A function is provided when the container may call it for its result,
// and invoked when it calls it for what it does. What a provided function
// returns is injected wherever that very type is a parameter.
//
// A model (analyzer/models) names the calls, and the structs whose fields count
// as parameters or results.
//
//  1. invoked: the function, called from where the container is told of it
//  2. provided: a function whose result an invoked one needs, directly or through
//     others
//  3. injected: a call of a method of an interface that nothing but injection
//     fills goes to the type that was provided for that interface
//  4. unknown: a function that is not known is a gap where the container is told
//     of it
//
// A list is filled with all that is provided of its element: a group. It cannot
// see names: of several functions that provide a type, all are shown.
package injection

import (
	"context"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/program"
)

// Finder finds functions that containers call.
var Finder = boundary.Finder{Name: "injection", Idioms: []int{36}, Find: find}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	for _, m := range u.Models.All {
		if len(m.Provides) == 0 || !u.Linked(m) {
			continue
		}
		f := &finder{Unit: u, model: m, out: out}
		for i := range m.Provides {
			for _, call := range u.CallsOf(m, m.Provides[i].Call) {
				if _, own := m.Below(program.PkgPath(call.In)); !own && ctx.Err() == nil {
					f.told(&m.Provides[i], call)
				}
			}
		}
		f.run()
		f.fill()
		f.inject()
	}
}

type finder struct {
	*boundary.Unit
	model *models.Model
	out   *boundary.Findings
	all   []*function
}

// function is one that the container was told of.
type function struct {
	fn     *ssa.Function
	call   index.Call // where the container is told of it
	invoke bool
	gives  []types.Type
	as     []types.Type // interfaces for which the result stands
	used   bool
}

// told notes the functions that one call gives to the container.
func (f *finder) told(by *models.Provide, call index.Call) {
	arg := eval.Argument(call.Instr, int(by.Arg))
	if arg == nil {
		return
	}
	root := f.Eval.Root(call.In)
	boundary.Settled(f.Eval.Context(), func(c *eval.Context) []eval.Value { return c.Eval(arg, root) }, func(c *eval.Context, values []eval.Value) {
		for _, v := range c.Elements(values) {
			f.add(c, v, by, call, nil, 0)
		}
	})
}

func (f *finder) add(c *eval.Context, v eval.Value, by *models.Provide, call index.Call, as []types.Type, depth int) {
	switch v := v.(type) {
	case eval.Func:
		for _, h := range f.Functions(c, v) {
			x := &function{fn: h.Fn, call: call, invoke: by.Invoke, as: as, gives: f.unbundled(v.Fn.Signature.Results())}
			if !slices.ContainsFunc(f.all, func(y *function) bool { return x.fn == y.fn && x.invoke == y.invoke }) {
				f.all = append(f.all, x)
			}
		}
	case eval.Result:
		if !slices.ContainsFunc(f.model.Annotates, func(a models.Annotate) bool {
			return f.model.Matches(a.Call, models.Split(index.CalleeSymbol(&v.Call.Call)))
		}) {
			f.unknown(call)
		}
		for _, wrap := range f.model.Annotates {
			if depth > 4 || !f.model.Matches(wrap.Call, models.Split(index.CalleeSymbol(&v.Call.Call))) {
				continue
			}
			as := append(as, f.interfaces(c, v, wrap)...)
			for _, inner := range c.Eval(eval.Argument(v.Call, int(wrap.Arg)), v.Frame) {
				f.add(c, inner, by, call, as, depth+1)
			}
		}
	case eval.Hole:
		if k, ok := v.V.(*ssa.Const); !ok || !k.IsNil() {
			f.unknown(call)
		}
	}
}

// unknown says that the container is told of functions that are not known.
func (f *finder) unknown(call index.Call) {
	if slices.ContainsFunc(f.out.Departures, func(d boundary.Departure) bool { return d.Pos == call.Instr.Pos() }) {
		return
	}
	f.out.Departures = append(f.out.Departures, boundary.Departure{
		Kind: flow.Reflection, In: call.In, Pos: call.Instr.Pos(), Rule: "injection/4",
		Reason: "a function that " + index.CalleeSymbol(call.Instr.Common()) + " is told of here is not known",
	})
}

// interfaces is the interfaces that an annotation names: As(new(Store)).
func (f *finder) interfaces(c *eval.Context, annotated eval.Result, wrap models.Annotate) []types.Type {
	var out []types.Type
	if wrap.As == nil {
		return nil
	}
	for i, a := range annotated.Call.Call.Args {
		if i == int(wrap.Arg) {
			continue
		}
		for _, v := range c.Elements(c.Eval(a, annotated.Frame)) {
			r, ok := v.(eval.Result)
			if !ok || !f.model.Matches(*wrap.As, models.Split(index.CalleeSymbol(&r.Call.Call))) {
				continue
			}
			for _, named := range r.Call.Call.Args {
				for _, v := range c.Elements(c.Eval(named, r.Frame)) {
					if p, ok := v.Type().(*types.Pointer); ok {
						out = append(out, p.Elem())
					}
				}
			}
		}
	}
	return out
}

// unbundled is the types of parameters or results, with the fields of bundles in
// place of them and without errors.
func (f *finder) unbundled(t *types.Tuple) []types.Type {
	var out []types.Type
	for i := range t.Len() {
		at := t.At(i).Type()
		if types.Identical(at, types.Universe.Lookup("error").Type()) {
			continue
		}
		s, ok := at.Underlying().(*types.Struct)
		if !ok || !f.isBundle(s) {
			out = append(out, at)
			continue
		}
		for j := range s.NumFields() {
			if !s.Field(j).Embedded() {
				out = append(out, s.Field(j).Type())
			}
		}
	}
	return out
}

func (f *finder) isBundle(s *types.Struct) bool {
	for i := range s.NumFields() {
		if s.Field(i).Embedded() && slices.ContainsFunc(f.model.Bundles, func(b models.Symbol) bool {
			return f.isModelled(b, s.Field(i).Type())
		}) {
			return true
		}
	}
	return false
}

// isModelled reports whether t is the type that a symbol of the model names, or
// an alias of one of a library below it.
func (f *finder) isModelled(s models.Symbol, t types.Type) bool {
	named := models.Split(index.TypeSymbol(t))
	if f.model.Matches(s, named) {
		return true
	}
	for _, m := range f.Models.All {
		if len(m.Provides) > 0 && m.Matches(s, named) {
			return true
		}
	}
	return false
}

// run links what is invoked, and what that needs.
func (f *finder) run() {
	var work []*function
	use := func(x, by *function, rule string) {
		if x.used {
			return
		}
		if x.call.In.Synthetic != "" { // a package variable holds it: it runs where it is needed
			x.call = by.call
		}
		x.used = true
		work = append(work, x)
		f.out.Links = append(f.out.Links, boundary.Link{
			From: x.call.In, Pos: x.call.Instr.Pos(), To: x.fn, Kind: flow.Reflection, Rule: rule, Candidates: 1,
			Detail: index.CalleeSymbol(x.call.Instr.Common()),
		})
	}
	for _, x := range f.all {
		if x.invoke {
			use(x, x, "injection/1")
		}
	}
	for len(work) > 0 {
		x := work[0]
		work = work[1:]
		for _, needed := range f.unbundled(x.fn.Signature.Params()) {
			for _, p := range append(f.providers(needed), f.group(needed)...) {
				use(p, x, "injection/2")
			}
		}
	}
}

// providers is the functions that give a type.
func (f *finder) providers(t types.Type) []*function {
	var out []*function
	for _, x := range f.all {
		if !x.invoke && slices.ContainsFunc(append(x.as, x.gives...), func(g types.Type) bool { return types.Identical(g, t) }) {
			out = append(out, x)
		}
	}
	return out
}

// group is the functions that give an element of a list.
func (f *finder) group(t types.Type) []*function {
	if l, ok := t.Underlying().(*types.Slice); ok {
		return f.providers(l.Elem())
	}
	return nil
}

// fill gives the parameters of the functions that the container calls their
// values: what the functions return that provide them.
func (f *finder) fill() {
	for _, x := range f.all {
		if !x.used {
			continue
		}
		for _, p := range x.fn.Params {
			if x.fn.Signature.Recv() != nil && p == x.fn.Params[0] {
				continue
			}
			var single, group []eval.Elem
			for _, by := range f.providers(p.Type()) {
				single = append(single, f.returned(by, p.Type())...)
			}
			for _, by := range f.group(p.Type()) {
				group = append(group, f.returned(by, p.Type().Underlying().(*types.Slice).Elem())...)
			}
			switch {
			case len(single) > 0:
				f.Eval.Give(p, single)
			case len(group) > 0:
				f.Eval.GiveList(p, group)
			}
		}
	}
}

// returned is the results of a function that stand for t.
func (f *finder) returned(x *function, t types.Type) []eval.Elem {
	var out []eval.Elem
	for _, b := range x.fn.Blocks {
		r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok {
			continue
		}
		for _, v := range r.Results {
			if types.Identical(v.Type(), t) || types.IsInterface(t) && types.AssignableTo(v.Type(), t) {
				out = append(out, eval.Elem{V: v, Frame: f.Eval.Root(x.fn)})
			}
		}
	}
	return out
}

// inject is rule 3.
func (f *finder) inject() {
	provided := map[types.Type][]types.Type{}
	var order []types.Type
	for _, x := range f.all {
		if !x.used || x.invoke {
			continue
		}
		for _, t := range append(slices.Clone(x.gives), x.as...) {
			if !types.IsInterface(t) {
				continue
			}
			i := slices.IndexFunc(order, func(o types.Type) bool { return types.Identical(o, t) })
			if i < 0 {
				i, order = len(order), append(order, t)
			}
			provided[order[i]] = append(provided[order[i]], f.results(x.fn)...)
		}
	}
	if len(order) == 0 {
		return
	}
	for _, fn := range f.Program.Funcs {
		if f.Program.Std(fn) {
			continue
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if call, ok := instr.(ssa.CallInstruction); ok && call.Common().IsInvoke() {
					f.injected(fn, call, order, provided)
				}
			}
		}
	}
}

// results is the concrete types that fn returns.
func (f *finder) results(fn *ssa.Function) []types.Type {
	var out []types.Type
	root := f.Eval.Root(fn)
	for _, b := range fn.Blocks {
		r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok {
			continue
		}
		for _, v := range r.Results {
			out = append(out, f.Eval.Context().Types(v, root)...)
		}
	}
	return out
}

// injected links a call that has no callee, or only guessed ones, to the method
// of what was provided.
func (f *finder) injected(fn *ssa.Function, call ssa.CallInstruction, order []types.Type, provided map[types.Type][]types.Type) {
	site := f.Graph.At(call)
	if site != nil && len(site.Callees) > 0 && site.Rule != calls.Sole {
		return
	}
	cc := call.Common()
	for _, t := range order {
		if !types.Identical(t, cc.Value.Type()) {
			continue
		}
		for _, concrete := range provided[t] {
			m := f.Eval.Method(eval.Hole{T: concrete}, cc.Method)
			if m == nil {
				continue
			}
			if site != nil {
				f.out.Cuts = append(f.out.Cuts, call)
			}
			for _, h := range f.Functions(f.Eval.Context(), eval.Func{Fn: m}) {
				f.out.Links = append(f.out.Links, boundary.Link{
					From: fn, Pos: call.Pos(), To: h.Fn, Kind: flow.Interface, Rule: "injection/3", Candidates: len(provided[t]),
					Detail: calls.TypeString(cc.Value.Type()) + "." + cc.Method.Name(),
				})
			}
		}
	}
}
