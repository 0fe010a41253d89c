// Package taskkind follows work by its kind: a function is registered under a
// text, and somebody else asks for work with that text, in the same program or
// in another one.
//
//  1. register: a call that a model (analyzer/models) names, with a function and
//     its kind or topic
//  2. ask: a call that a model names, with a kind,
//     whose messages may begin with a byte that says their type: by it the
//     receiver decides what it does
//  3. registry of the program's own: a function is looked up in a map by a field
//     of an object that was taken out of a collection, and called with that
//     object; or a function, or an object with a method, by a field of one that was
//     received from a channel or taken out of a queue. Who gives the field a
//     constant asks; who puts a function into the map under that constant
//     registered it
//
// It cannot see kinds that are computed, nor subjects with wildcards.
package taskkind

import (
	"context"
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

// Finder finds work by its kind.
var Finder = boundary.Finder{Name: "taskkind", Idioms: []int{32}, Find: find, Protocols: []boundary.Protocol{{Kind: flow.Task, Served: served}, {Kind: flow.Queue, Served: served}}}

// served is what answers with the type of the message.
func served(asked, _ boundary.Key) string { return asked.String() }

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	typed := &messages{sent: map[string]map[int64]string{}}
	for _, m := range u.Models.All {
		for i := range m.Tasks {
			f := &finder{Unit: u, model: m, task: &m.Tasks[i], out: out, typed: typed}
			symbol := f.task.Register
			if symbol.Zero() {
				symbol = f.task.Ask
			}
			for _, call := range u.CallsOf(m, symbol) {
				if _, own := m.Below(program.PkgPath(call.In)); !own && ctx.Err() == nil {
					f.call(call)
				}
			}
		}
	}
	typed.switched(out)
	findRegistries(ctx, u, out)
}

type finder struct {
	*boundary.Unit
	model *models.Model
	task  *models.Task
	out   *boundary.Findings
	typed *messages
}

func (f *finder) kind() flow.Kind {
	if f.task.By == models.ByQueue {
		return flow.Queue
	}
	return flow.Task
}

// call is rules 1 and 2.
func (f *finder) call(call index.Call) {
	root := f.Eval.Root(call.In)
	var function ssa.Value
	if f.task.Function != nil {
		function = eval.Argument(call.Instr, int(*f.task.Function))
	}
	ask := func(c *eval.Context) []eval.Hole {
		var holes []eval.Hole
		for _, k := range f.kinds(c, call, root) {
			holes = append(holes, k.text.Holes()...)
		}
		if arg := f.kindOperand(call); arg != nil {
			holes = append(holes, eval.Holes(c.Eval(arg, root))...)
		}
		if function != nil {
			holes = append(holes, eval.Holes(c.Eval(function, root))...)
		}
		if f.task.Register.Zero() {
			holes = append(holes, eval.Holes(f.firsts(c, call, root))...)
		}
		return holes
	}
	f.Eval.Contexts(ask, func(c *eval.Context) {
		for _, k := range f.kinds(c, call, root) {
			text, known := k.text.Const()
			if f.task.Register.Zero() {
				f.asks(c, call, root, text, known)
				continue
			}
			if !known {
				continue
			}
			handlers := k.handlers
			if function != nil && handlers == nil {
				handlers = f.functions(c, c.Eval(function, root))
			}
			if f.task.Message != nil {
				for _, h := range handlers {
					f.typed.receivers = append(f.typed.receivers, receiver{text, h.Fn, f.task.Message})
				}
			}
			if len(handlers) > 0 {
				f.out.Arrivals = append(f.out.Arrivals, boundary.Arrival{
					Kind: f.kind(), Key: boundary.Key{Path: text}, Handlers: handlers, Rule: "taskkind/1",
					Registered: append(boundary.Callers(c, root), boundary.Place{In: call.In, Pos: call.Instr.Pos()}),
				})
			}
		}
	})
}

func (f *finder) asks(c *eval.Context, call index.Call, root *eval.Frame, text string, known bool) {
	d := boundary.Departure{
		Kind: f.kind(), Key: boundary.Key{Path: text}, In: call.In, Pos: call.Instr.Pos(), Via: boundary.Callers(c, root), Rule: "taskkind/2",
	}
	if !known {
		d.Key.Path, d.Reason = "*", "which "+string(f.kind())+" is meant is not a constant of the program"
	}
	firsts := f.firsts(c, call, root)
	if len(firsts) == 0 {
		f.add(d)
	}
	for _, v := range firsts {
		d.Key.Name = f.typed.send(text, v)
		f.add(d)
	}
}

// add reports d once.
func (f *finder) add(d boundary.Departure) {
	if !slices.ContainsFunc(f.out.Departures, func(x boundary.Departure) bool {
		return x.Kind == d.Kind && x.In == d.In && x.Pos == d.Pos && x.Key.Path == d.Key.Path && x.Key.Name == d.Key.Name && x.Origin() == d.Origin()
	}) {
		f.out.Departures = append(f.out.Departures, d)
	}
}

// functions is the functions among values, or the model's method of them.
func (f *finder) functions(c *eval.Context, values []eval.Value) []boundary.Handler {
	if f.task.Method == "" {
		return f.Functions(c, values...)
	}
	var out []boundary.Handler
	for _, v := range values {
		if _, ok := v.(eval.Func); ok {
			out = append(out, f.Functions(c, v)...)
			continue
		}
		out = append(out, f.Method(v.Type(), f.task.Method)...)
	}
	return boundary.Distinct(out)
}

// named is a kind, with its functions where they come with it.
type named struct {
	text     eval.Text
	handlers []boundary.Handler
}

func (f *finder) kindOperand(call index.Call) ssa.Value {
	if f.task.Kind.Of == models.OfTypeArgument || f.task.Kind.Is != "" {
		return nil
	}
	return eval.Argument(call.Instr, int(f.task.Kind.Arg))
}

// kinds is the kinds that a call names.
func (f *finder) kinds(c *eval.Context, call index.Call, root *eval.Frame) []named {
	if f.task.Kind.Is != "" {
		return []named{{text: eval.Lit(f.task.Kind.Is)}}
	}
	if f.task.Kind.Of == models.OfTypeArgument {
		fn := call.Instr.Common().StaticCallee()
		if fn == nil || len(fn.TypeArgs()) == 0 {
			return nil
		}
		return []named{{text: eval.Lit(index.TypeSymbol(fn.TypeArgs()[0]))}}
	}
	arg := f.kindOperand(call)
	if arg == nil {
		return nil
	}
	var out []named
	for _, v := range c.Elements(c.Eval(arg, root)) {
		out = append(out, f.named(c, v)...)
	}
	return out
}

func (f *finder) named(c *eval.Context, v eval.Value) []named {
	switch f.task.Kind.Of {
	case models.OfFunction:
		switch v := v.(type) {
		case eval.Func:
			var out []named
			for _, h := range f.Functions(c, v) {
				out = append(out, named{eval.Lit(h.Fn.Name()), []boundary.Handler{h}})
			}
			return out
		case eval.Object:
			return f.methods(v.T)
		}
	case models.OfType:
		if t := v.Type(); t != nil && index.TypeSymbol(t) != "" {
			return []named{{text: eval.Lit(index.TypeSymbol(t))}}
		}
		return []named{{text: eval.AsText(eval.Hole{})}}
	case models.OfText:
		if o, ok := v.(eval.Object); ok && f.task.Kind.Field != "" {
			var out []named
			for _, x := range c.Field(o, f.task.Kind.Field) {
				out = append(out, named{text: eval.AsText(x)})
			}
			return out
		}
	}
	return []named{{text: eval.AsText(v)}}
}

// methods is the exported methods of a value, each under its name.
func (f *finder) methods(t types.Type) []named {
	var out []named
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		if name := set.At(i).Obj().Name(); set.At(i).Obj().Exported() {
			if hs := f.Method(t, name); len(hs) > 0 {
				out = append(out, named{eval.Lit(name), hs})
			}
		}
	}
	return out
}

// registryKey is the key of work of a kind in a registry of the program's own.
func registryKey(field *types.Var, owner types.Type, kind string) string {
	t := index.TypeSymbol(owner)
	return t[strings.LastIndexByte(t, '/')+1:] + "." + field.Name() + "=" + kind
}
