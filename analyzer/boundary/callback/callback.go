// Package callback follows functions that a library is given to call, where the
// call graph does not show it: they stand in fields of a struct, or the library
// is not there to be read.
//
// A model (analyzer/models) names the calls.
//
//  1. argument: the functions that the argument can be
//  2. field: the functions in the named fields of the argument
//  3. method: the named method of what the argument can be
package callback

import (
	"context"

	"github.com/callroute/callroute/analyzer/boundary"
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
				if o, ok := v.(eval.Object); ok {
					for _, name := range by.Fields {
						functions = append(functions, c.Field(o, name)...)
					}
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
