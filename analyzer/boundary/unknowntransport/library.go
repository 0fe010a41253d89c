package unknowntransport

import (
	"fmt"
	"go/constant"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/program"
)

// verbs is what routers call the methods that register a route.
var verbs = []string{"get", "post", "put", "delete", "patch", "head", "options", "handle", "handlefunc", "method", "route", "any", "all", "add"}

// routers is rule 4: libraries that are given a path and a function, where that
// made no route. One gap a library says so, with a model to fill in.
func (f finder) routers() {
	told := map[string]bool{}
	for _, symbol := range f.Index.Symbols() {
		called := models.Split(symbol)
		if called.Recv == "" || told[called.Path] || !slices.Contains(verbs, strings.ToLower(called.Name)) || f.Models.Of(called.Path) != nil {
			continue
		}
		for _, call := range f.Index.Calls(symbol) {
			path, function := registers(call.Instr)
			if !f.Program.User(call.In) || path < 0 || f.own(call.Instr) || f.isRoute(call) {
				continue
			}
			told[called.Path] = true
			d := boundary.Departure{
				Kind: flow.Net, Key: boundary.Key{Name: called.Path}, In: call.In, Pos: call.Instr.Pos(), Rule: "unknowntransport/4", Serves: flow.HTTP,
				Reason: fmt.Sprintf("%s is given routes here, and no model says how it serves them", called.Path),
				Hint: fmt.Sprintf("models: [{library: %s, kind: router, routes: [{call: %s.%s, %spath: %d, handler: %d}]}]",
					called.Path, called.Recv, called.Name, methodOf(called.Name), path, function),
			}
			f.out.Departures = append(f.out.Departures, d)
			d.Reason = fmt.Sprintf("no model says which of its routes %s chooses", called.Path)
			for _, fn := range f.servedBy(called.Path) {
				d.In, d.Pos = fn, fn.Pos()
				f.out.Departures = append(f.out.Departures, d)
			}
			break
		}
	}
}

// servedBy is the functions of a library with which a router that is known serves
// what the library has routes for.
func (f finder) servedBy(library string) []*ssa.Function {
	var out []*ssa.Function
	for _, a := range f.out.Arrivals {
		for _, h := range a.Handlers {
			if program.PkgPath(h.Fn) == library && !slices.Contains(out, h.Fn) {
				out = append(out, h.Fn)
			}
		}
	}
	return out
}

// methodOf is the part of a model that gives the HTTP method.
func methodOf(name string) string {
	if slices.Contains([]string{"get", "post", "put", "delete", "patch", "head", "options"}, strings.ToLower(name)) {
		return "method: name, "
	}
	return ""
}

// own reports whether the called function is one of the sources under study or
// of the standard library.
func (f finder) own(call ssa.CallInstruction) bool {
	cc := call.Common()
	if cc.IsInvoke() {
		t := index.Named(cc.Value.Type())
		return t == nil || t.Obj().Pkg() == nil || f.Program.SSA.Package(t.Obj().Pkg()) == nil || !strings.Contains(t.Obj().Pkg().Path(), ".")
	}
	fn := cc.StaticCallee()
	return fn == nil || f.Program.User(fn) || f.Program.Std(fn)
}

// registers is the places of a path and of a function among the arguments of a
// call, -1 for none.
func registers(call ssa.CallInstruction) (path, function int) {
	path, function = -1, -1
	for i := 1; ; i++ {
		a := eval.Argument(call, i)
		if a == nil {
			break
		}
		if k, ok := a.(*ssa.Const); ok && k.Value != nil && k.Value.Kind() == constant.String && strings.HasPrefix(constant.StringVal(k.Value), "/") {
			path = i
		}
		if callable(a.Type()) {
			function = i
		}
	}
	if function < 0 {
		path = -1
	}
	return path, function
}

// callable reports whether t is a function type, or a list of one.
func callable(t types.Type) bool {
	if l, ok := t.Underlying().(*types.Slice); ok {
		t = l.Elem()
	}
	_, ok := t.Underlying().(*types.Signature)
	return ok
}

// isRoute reports whether the call made an arrival.
func (f finder) isRoute(call index.Call) bool {
	return slices.ContainsFunc(f.out.Arrivals, func(a boundary.Arrival) bool {
		return slices.ContainsFunc(a.Registered, func(p boundary.Place) bool { return p.Pos == call.Instr.Pos() })
	})
}
