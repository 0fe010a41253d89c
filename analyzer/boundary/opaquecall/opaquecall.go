// Package opaquecall finds the calls in the sources under study that lead to a
// function without a body, so that a trace says what it does not know.
//
//  1. A function that has no Go body: it is written in assembly, or linked from
//     where it is not seen.
//
//  2. What cgo or a missing package would have made callable, and what does not
//     type-check. The loader puts a hole there, a call of a function that it made
//     up; see package load.
//
//  3. What is chosen when the program runs: a function called by package reflect,
//     a symbol of a plugin.
//
// A call of a library whose bodies are not loaded is not reported: there are
// hundreds in each program, and most do nothing that outlasts them.
//
// It cannot see what a body in another language calls back.
package opaquecall

import (
	"context"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/load"
	"github.com/callroute/callroute/analyzer/program"
)

// Finder finds calls that cannot be followed for want of a body.
var Finder = boundary.Finder{Name: "opaquecall", Idioms: []int{49}, Find: find}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	for _, f := range u.Program.Funcs {
		if ctx.Err() != nil {
			return
		}
		if !u.Program.User(f) || f.Synthetic != "" && f.Origin() == nil {
			continue
		}
		for _, site := range u.Graph.Out(f) {
			for _, callee := range site.Callees {
				if d, ok := departure(u.Program, f, callee); ok {
					d.Pos = site.Pos()
					out.Departures = append(out.Departures, d)
				}
			}
		}
	}
}

func departure(p *program.Program, in, callee *ssa.Function) (boundary.Departure, bool) {
	if reason := chosen[program.Symbol(callee)]; reason != "" {
		return boundary.Departure{Kind: flow.Call, In: in, Rule: "opaquecall/3", Reason: reason}, true
	}
	why, ok := p.Opaque(callee)
	d := boundary.Departure{Kind: flow.Call, In: in, Reason: why.Why}
	switch {
	case !ok || why.Kind == load.Unloaded:
		return d, false
	case p.Hole(callee):
		d.Rule = "opaquecall/2"
	default:
		d.Rule = "opaquecall/1"
		d.Key.Name = program.Symbol(callee)
		d.Reason = program.Symbol(callee) + " " + why.Why
	}
	return d, true
}

// chosen is the functions of rule 3.
var chosen = map[string]string{
	"(reflect.Value).Call":      byReflection,
	"(reflect.Value).CallSlice": byReflection,
	"(*plugin.Plugin).Lookup":   "what a plugin holds is not among the sources",
}

const byReflection = "package reflect calls a function that is chosen when the program runs"
