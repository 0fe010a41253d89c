// Package callback follows functions that a library is given to call, where the
// call graph does not show it: they stand in fields of a struct, or the library
// is not there to be read.
//
// A model (analyzer/models) names the calls.
//
//  1. argument: the functions that the argument can be
//  2. field: the functions in the named fields of the argument
//  3. method: the named method of what the argument can be
//
// Without a model, as nobody can see the calls:
//
//  4. object: a function of a library without bodies is given a value as an
//     interface of this library, as a supervisor its services. The methods of the
//     interface are handed on with it (passed). What the standard library calls is
//     known by name
package callback

import (
	"context"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/program"
)

// Finder finds functions that libraries call.
var Finder = boundary.Finder{Name: "callback", Idioms: []int{34, 36}, Find: find}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	for _, m := range u.Models.All {
		for i := range m.Callbacks {
			for _, call := range u.CallsOf(m, m.Callbacks[i].Call) {
				if _, own := m.Below(program.PkgPath(call.In)); !own && ctx.Err() == nil {
					given(u, &m.Callbacks[i], call, out)
				}
			}
		}
	}
	for _, fn := range u.Program.Funcs {
		if ctx.Err() == nil && u.Program.User(fn) {
			handOver(u, fn, out)
		}
	}
}

// handOver is rule 4 for the calls in one function.
func handOver(u *boundary.Unit, fn *ssa.Function, out *boundary.Findings) {
	for _, s := range u.Graph.Out(fn) {
		library := libraryOf(s)
		if library == nil || u.Program.UserPackage(library) || u.Program.StdPackage(library) || u.Models.Of(library.Path()) != nil {
			continue
		}
		cc := s.Instr.Common()
		receiver := 0
		if cc.IsInvoke() || cc.Signature().Recv() != nil {
			receiver = 1
		}
		params := cc.Signature().Params()
		for i := range params.Len() {
			named, ok := types.Unalias(params.At(i).Type()).(*types.Named)
			if !ok || named.Obj().Pkg() != library || !types.IsInterface(named) {
				continue
			}
			arg := eval.Argument(s.Instr, i+receiver)
			if arg == nil {
				continue
			}
			for _, m := range methodsOf(u, arg, fn, named.Underlying().(*types.Interface)) {
				out.Links = append(out.Links, boundary.Link{
					From: fn, Pos: s.Pos(), To: m, Kind: flow.Closure, Rule: calls.Passed, Candidates: 1, Detail: calls.HandedTo(cc),
				})
			}
		}
	}
}

// libraryOf is the package of the function that a site calls where it has no body.
func libraryOf(s *calls.Site) *types.Package {
	cc := s.Instr.Common()
	switch {
	case s.Rule == calls.Passed || slices.ContainsFunc(s.Callees, func(f *ssa.Function) bool { return f.Blocks != nil }):
		return nil
	case cc.IsInvoke():
		return cc.Method.Pkg()
	case cc.StaticCallee() != nil && cc.StaticCallee().Object() != nil:
		return cc.StaticCallee().Object().Pkg()
	}
	return nil
}

// methodsOf is the methods of an interface that arg, in fn, has.
func methodsOf(u *boundary.Unit, arg ssa.Value, fn *ssa.Function, iface *types.Interface) []*ssa.Function {
	var out []*ssa.Function
	for _, t := range u.Eval.Brief().Types(arg, u.Eval.Root(fn)) {
		if types.IsInterface(t) || !types.Implements(t, iface) {
			continue
		}
		for m := range iface.Methods() {
			method := u.Program.SSA.LookupMethod(t, m.Pkg(), m.Name())
			if method == nil || calls.Universal(m) {
				continue
			}
			for _, f := range u.Graph.Through(method) {
				if u.Program.User(f) && !slices.Contains(out, f) {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// given links the place where a library is given functions to them.
func given(u *boundary.Unit, by *models.Callback, call index.Call, out *boundary.Findings) {
	arg := eval.Argument(call.Instr, int(by.Arg))
	if arg == nil {
		return
	}
	kind := flow.Closure
	if by.When == models.Another {
		kind = flow.Go
	}
	root := u.Eval.Root(call.In)
	boundary.Settled(u.Eval.Context(), func(c *eval.Context) []eval.Value { return c.Eval(arg, root) }, func(c *eval.Context, values []eval.Value) {
		rule := "callback/1"
		functions := values
		var handlers []boundary.Handler
		if by.Method != "" {
			rule = "callback/3"
			for _, v := range c.Elements(values) {
				handlers = append(handlers, u.Method(v.Type(), by.Method)...)
			}
		}
		if len(by.Fields) > 0 {
			rule, functions = "callback/2", nil
			for _, v := range values {
				for _, path := range by.Fields {
					functions = append(functions, at(c, v, path)...)
				}
			}
		}
		for _, h := range boundary.Distinct(append(handlers, u.Functions(c, functions...)...)) {
			out.Links = append(out.Links, boundary.Link{
				From: call.In, Pos: call.Instr.Pos(), To: h.Fn, Kind: kind, Rule: rule, Candidates: 1,
				Detail: "handed to " + index.CalleeSymbol(call.Instr.Common()),
			})
		}
	})
}

// at is what is in a field of v; path is its name, or the names of the fields on the
// way to it with dots between.
func at(c *eval.Context, v eval.Value, path string) []eval.Value {
	values := []eval.Value{v}
	for name := range strings.SplitSeq(path, ".") {
		var out []eval.Value
		for _, v := range values {
			if o, ok := v.(eval.Object); ok {
				out = append(out, c.Field(o, name)...)
			}
		}
		values = out
	}
	return values
}
