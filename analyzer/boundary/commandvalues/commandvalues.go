// Package commandvalues finds the commands of programs that give a library
// values of an interface: a method tells the name, another runs.
//
// A model (analyzer/models) names the call that registers one, or the type of
// the functions that make one, and the methods.
//
//  1. registered: the values that are given to the model's call in code that
//     main reaches; the name is what the method of that very value returns
//  2. factory: the entries of maps from words to functions of the model's type;
//     the command is what the function returns
//
// It cannot see names that the program computes.
package commandvalues

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

// Finder finds commands that are values of an interface.
var Finder = boundary.Finder{Name: "commandvalues", Idioms: []int{20}, Find: find}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	if u.Main() == nil {
		return
	}
	for _, m := range u.Models.All {
		if !u.Linked(m) {
			continue
		}
		for _, c := range m.Commands {
			if c.Values == nil {
				continue
			}
			f := &finder{CommandRoutes: u.NewCommandRoutes(), ctx: ctx, model: m, values: c.Values}
			if c.Values.Factory != nil {
				f.factories()
			} else {
				f.registered()
			}
			out.Commands = append(out.Commands, boundary.Merged(f.found)...)
		}
	}
}

type finder struct {
	*boundary.CommandRoutes
	ctx    context.Context
	model  *models.Model
	values *models.CommandValues
	found  []boundary.Command
}

// registered is rule 1.
func (f *finder) registered() {
	for _, call := range f.CallsOf(f.model, f.values.Register.Call) {
		arg := eval.Argument(call.Instr, int(f.values.Register.Arg))
		if f.ctx.Err() != nil || arg == nil || f.own(call.In) || !f.Reaches(call.In) {
			continue
		}
		root := f.Eval.Root(call.In)
		boundary.Settled(f.Eval.Context(), func(c *eval.Context) []eval.Value { return c.Eval(arg, root) }, func(c *eval.Context, values []eval.Value) {
			for _, v := range values {
				for _, name := range f.names(c, v) {
					f.command(c, root, []string{name}, v, call.Instr, "commandvalues/1")
				}
			}
		})
	}
}

func (f *finder) own(fn *ssa.Function) bool {
	_, own := f.model.Below(program.PkgPath(fn))
	return own
}

// command reports words that run the model's method of v.
func (f *finder) command(c *eval.Context, fr *eval.Frame, words []string, v eval.Value, at ssa.Instruction, rule string) {
	run := f.Method(v.Type(), f.values.Run)
	run = slices.DeleteFunc(run, func(h boundary.Handler) bool { return f.own(h.Fn) })
	if len(run) == 0 {
		return
	}
	for i := range run {
		run[i].Value.Fn = f.MethodNamed(v.Type(), f.values.Run)
		run[i].Given = boundary.Self(c.Bind(v))
	}
	f.found = append(f.found, boundary.Command{
		Words: words, Run: run, Kind: flow.Interface, Route: f.Extend([]boundary.Node{f.Main()}, f.Chain(c, fr)),
		Pos: at.Pos(), Rule: rule,
	})
}

// names is what the name method of v returns.
func (f *finder) names(c *eval.Context, v eval.Value) []string {
	fn := f.MethodNamed(v.Type(), f.values.Name)
	if fn == nil {
		return nil
	}
	var out []string
	called := f.Eval.Enter(eval.Func{Fn: fn}, []eval.Answer{boundary.Self(c.Bind(v)).Answer})
	for _, r := range results(fn) {
		boundary.Settled(f.Eval.Context(), func(c *eval.Context) []eval.Value { return c.Eval(r, called) }, func(_ *eval.Context, values []eval.Value) {
			for _, text := range values {
				if name, ok := eval.AsText(text).Const(); ok && name != "" && !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		})
	}
	return out
}

// results is the first results of fn.
func results(fn *ssa.Function) []ssa.Value {
	var out []ssa.Value
	for _, b := range fn.Blocks {
		if r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && len(r.Results) > 0 {
			out = append(out, r.Results[0])
		}
	}
	return out
}

// factories is rule 2.
func (f *finder) factories() {
	for _, fn := range f.Program.Funcs {
		if f.Program.Std(fn) || f.own(fn) {
			continue
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if entry, ok := instr.(*ssa.MapUpdate); ok && f.ctx.Err() == nil && f.isTable(entry.Map.Type()) {
					f.entry(fn, entry)
				}
			}
		}
	}
}

func (f *finder) isTable(t types.Type) bool {
	m, ok := t.Underlying().(*types.Map)
	return ok && f.model.IsType(*f.values.Factory, index.TypeSymbol(m.Elem()))
}

func (f *finder) entry(fn *ssa.Function, entry *ssa.MapUpdate) {
	if !f.Reaches(fn) && f.Variable(entry.Map) == nil {
		return
	}
	root := f.Eval.Root(fn)
	both := func(c *eval.Context) []eval.Value {
		return append(c.Eval(entry.Key, root), c.Eval(entry.Value, root)...)
	}
	boundary.Settled(f.Eval.Context(), both, func(c *eval.Context, _ []eval.Value) {
		for _, key := range c.Eval(entry.Key, root) {
			words, ok := eval.AsText(key).Const()
			if !ok {
				continue
			}
			for _, v := range c.Eval(entry.Value, root) {
				factory, ok := v.(eval.Func)
				if !ok {
					continue
				}
				for _, r := range results(factory.Fn) {
					f.made(c, root, strings.Fields(words), factory, r, entry)
				}
			}
		}
	})
}

// made reports what a factory returns.
func (f *finder) made(c *eval.Context, fr *eval.Frame, words []string, factory eval.Func, r ssa.Value, entry *ssa.MapUpdate) {
	boundary.Settled(c, func(c *eval.Context) []eval.Value { return c.Inside(factory, r) }, func(c *eval.Context, values []eval.Value) {
		for _, v := range values {
			f.command(c, fr, words, v, entry, "commandvalues/2")
		}
	})
}
