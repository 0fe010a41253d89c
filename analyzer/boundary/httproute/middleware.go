package httproute

import (
	"context"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/program"
)

// findUses notes what calls of modelled libraries put around all that is
// registered on a router or a group: r.Use(log, auth).
func (f *serverFinder) findUses(ctx context.Context) {
	for _, m := range f.Models.All {
		for i := range m.Uses {
			for _, call := range f.CallsOf(m, m.Uses[i].Call) {
				if _, own := m.Below(program.PkgPath(call.In)); !own && ctx.Err() == nil {
					f.used(call, &m.Uses[i])
				}
			}
		}
	}
}

func (f *serverFinder) used(call index.Call, use *models.Place) {
	root := f.Eval.Root(call.In)
	router, functions := operand(call, 0), operand(call, int(use.Arg))
	if router == nil || functions == nil {
		return
	}
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			_, holes := f.nodes(c, router, root)
			return append(holes, eval.Holes(c.Elements(c.Eval(functions, root)))...)
		},
		func(c *eval.Context) {
			before := f.standing(c, functions, root)
			nodes, _ := f.nodes(c, router, root)
			for _, n := range nodes {
				f.uses[n] = boundary.Distinct(append(f.uses[n], before...))
			}
		})
}

// nodes is what made the routers or groups that v is: calls, variables, and
// parameters of functions that a library gives a group; and the holes that have
// to be filled to know more.
func (f *serverFinder) nodes(c *eval.Context, v ssa.Value, fr *eval.Frame) (nodes []ssa.Value, holes []eval.Hole) {
	for _, x := range c.Eval(f.Embedding(v), fr) {
		switch x := x.(type) {
		case eval.Result:
			nodes = append(nodes, x.Call)
		case eval.Object:
			nodes = append(nodes, x.Site)
		case eval.Hole:
			if x.Kind != eval.Param {
				continue
			}
			if _, group, _ := f.passedTo(c, x); group != nil {
				nodes = append(nodes, x.V)
			} else {
				holes = append(holes, x)
			}
		}
	}
	return nodes, holes
}

// standing is the functions that run before a handler for what a call puts there:
// those that are given the request, or that others make of the handler.
func (f *serverFinder) standing(c *eval.Context, v ssa.Value, fr *eval.Frame) []boundary.Handler {
	var out []boundary.Handler
	for _, x := range c.Elements(c.Eval(v, fr)) {
		fn, ok := x.(eval.Func)
		switch {
		case !ok:
		case f.handlerLike(fn.Fn.Signature):
			out = append(out, f.Functions(c, fn)...)
		default:
			out = append(out, f.made(c, fn)...)
		}
	}
	return boundary.Distinct(out)
}

// decorating is what a library puts around the handler that a call gives it, outermost
// first: alice.New(log, auth).Then(h).
func (f *serverFinder) decorating(c *eval.Context, call *ssa.Call, fr *eval.Frame, depth int) []boundary.Handler {
	if depth > maxChain {
		return nil
	}
	var out []boundary.Handler
	args := call.Call.Args
	if !withoutReceiver(call) && len(args) > 0 {
		for _, x := range c.Eval(f.Embedding(args[0]), fr) {
			if made, ok := x.(eval.Result); ok {
				out = append(out, f.decorating(c, made.Call, made.Frame, depth+1)...)
			}
		}
		args = args[1:]
	}
	for _, a := range args {
		if !f.handlerLike(a.Type()) {
			out = append(out, f.standing(c, a, fr)...)
		}
	}
	return out
}

// made is the handlers that a function makes of the one that it is given.
func (f *serverFinder) made(c *eval.Context, w eval.Func) []boundary.Handler {
	results := w.Fn.Signature.Results()
	if results.Len() != 1 || !f.handlerLike(results.At(0).Type()) {
		return nil
	}
	var out []boundary.Handler
	for _, g := range f.Graph.Through(w.Fn) {
		in := eval.Func{Fn: g}
		if g == w.Fn {
			in = w
		}
		for _, b := range g.Blocks {
			r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if !ok {
				continue
			}
			for _, x := range c.Inside(in, r.Results[0]) {
				inner, ok := x.(eval.Func)
				if !ok {
					continue
				}
				f.cutNext(inner.Fn)
				out = append(out, f.Functions(c, inner)...)
				f.link(boundary.Link{From: g, Pos: inner.Fn.Pos(), To: inner.Fn})
			}
		}
	}
	return out
}

// cutNext cuts the calls of the handler that a function was made of: a library
// says which it is, and the call graph would say all.
func (f *serverFinder) cutNext(fn *ssa.Function) {
	for _, s := range f.Graph.Out(fn) {
		if s.Rule == calls.VTA && ofParameter(s.Instr.Common().Value) && f.handlerLike(s.Instr.Common().Value.Type()) && !slices.Contains(f.out.Cuts, s.Instr) {
			f.out.Cuts = append(f.out.Cuts, s.Instr)
		}
	}
}

// ofParameter reports whether v is a captured parameter of the function around.
func ofParameter(v ssa.Value) bool {
	if load, ok := v.(*ssa.UnOp); ok {
		v = load.X
	}
	fv, ok := v.(*ssa.FreeVar)
	if !ok {
		return false
	}
	switch b := calls.Binding(fv).(type) {
	case *ssa.Parameter:
		return true
	case *ssa.Alloc:
		stores := index.StoresTo(b)
		if len(stores) != 1 {
			return false
		}
		_, ok := stores[0].Val.(*ssa.Parameter)
		return ok
	}
	return false
}

// chained is the functions that run before the last of those that a route names,
// and those that the model says stand before it.
func (f *serverFinder) chained(c *eval.Context, s served, call index.Call, root *eval.Frame, handlers []boundary.Handler) []boundary.Handler {
	var out []boundary.Handler
	for _, a := range s.Before {
		if v := operand(call, int(a)); v != nil {
			out = append(out, f.standing(c, v, root)...)
		}
	}
	for _, a := range s.Chain {
		if v := operand(call, int(a)); v != nil {
			out = append(out, f.standing(c, v, root)...)
		}
	}
	return slices.DeleteFunc(out, func(h boundary.Handler) bool { return slices.ContainsFunc(handlers, h.Is) })
}

// inFront is what stands before all that is registered at the end of a chain of
// groups, outermost first.
func (f *serverFinder) inFront(chain []attribute) []boundary.Handler {
	var out []boundary.Handler
	for _, a := range slices.Backward(chain) {
		out = append(out, f.uses[a.node]...)
		out = append(out, a.before...)
	}
	return out
}
