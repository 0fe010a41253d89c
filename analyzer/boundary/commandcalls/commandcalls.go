// Package commandcalls finds the commands of programs whose command line is
// built by calls: each gives a command below its receiver, others give that
// command a function, a name, a place among the hidden ones.
//
// Words. A model (analyzer/models) names the calls. The receiver of a call is
// the program itself, or a command that another call gave; calls that return
// their receiver are seen through. A command is known by the call that gave it
// and the calls that led there.
//
//  1. command: a call that gives one, under the command that its receiver is
//  2. function: a call that gives a command what runs
//  3. data: a value that is given with the command and whose method runs
//  4. chosen: the program asks for the words of a command, to compare them with
//     those that were typed: main.main goes on when what the command was given has
//     run
//
// It cannot see commands whose receiver is read from a library object, but for the
// command that is embedded in the program.
package commandcalls

import (
	"context"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/program"
)

// Finder finds commands that calls build.
var Finder = boundary.Finder{Name: "commandcalls", Idioms: []int{20}, Find: find}

const (
	maxWords = 8  // commands deep
	maxChain = 32 // calls on one receiver, one behind the other
)

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	if u.Main() == nil {
		return
	}
	for _, m := range u.Models.All {
		if !u.Linked(m) {
			continue
		}
		for _, c := range m.Commands {
			if c.Calls == nil {
				continue
			}
			f := &finder{CommandRoutes: u.NewCommandRoutes(), ctx: ctx, model: m, tree: c.Calls, out: out}
			f.collect()
			f.visit(node{}, 0)
			out.Commands = append(out.Commands, boundary.Merged(f.found)...)
		}
	}
}

type finder struct {
	*boundary.CommandRoutes
	ctx   context.Context
	model *models.Model
	tree  *models.CommandCalls
	out   *boundary.Findings
	made  []made
	runs  []given
	first []given
	alias []given
	hide  []given
	full  []given
	found []boundary.Command
}

// made is a command that a call gives.
type made struct {
	boundary.Made
	parent owner
	name   string
	data   []eval.Value
	frame  *eval.Frame // of the call
}

// owner is the command that a receiver is.
type owner struct {
	root bool // the program itself
	made boundary.Made
}

// given is what a call gives to a command.
type given struct {
	to     owner
	ctx    *eval.Context
	frame  *eval.Frame
	arg    ssa.Value // nil where it gives nothing but itself
	values []eval.Value
	call   ssa.CallInstruction
}

// node is a command on the way down from the program.
type node struct {
	owner
	of      *made // nil for the program
	words   []string
	aliases []string
	groups  [][]string
	route   []boundary.Node
	before  []boundary.Handler
	hidden  bool
}

// collect reads all calls of the model.
func (f *finder) collect() {
	for _, by := range f.tree.Command {
		for _, call := range f.calls(by.Call) {
			f.command(call, by.Arg)
		}
	}
	for _, by := range []struct {
		place *models.Place
		into  *[]given
	}{{f.tree.Run, &f.runs}, {f.tree.Before, &f.first}, {f.tree.Alias, &f.alias}} {
		if by.place != nil {
			for _, call := range f.calls(by.place.Call) {
				f.gives(call, eval.Argument(call.Instr, int(by.place.Arg)), by.into)
			}
		}
	}
	for _, by := range []struct {
		symbol *models.Symbol
		into   *[]given
	}{{f.tree.Hidden, &f.hide}, {f.tree.Full, &f.full}} {
		if by.symbol != nil {
			for _, call := range f.calls(*by.symbol) {
				f.gives(call, nil, by.into)
			}
		}
	}
}

// calls is the calls of a function of the library outside of it.
func (f *finder) calls(s models.Symbol) []index.Call {
	return slices.DeleteFunc(f.CallsOf(f.model, s), func(c index.Call) bool {
		_, own := f.model.Below(program.PkgPath(c.In))
		return own || f.ctx.Err() != nil
	})
}

// command notes the commands that one call gives, each in the contexts that
// decide its receiver, name and data.
func (f *finder) command(call index.Call, named models.Arg) {
	v, ok := call.Instr.(*ssa.Call)
	if !ok {
		return
	}
	root := f.Eval.Root(call.In)
	name, recv := eval.Argument(v, int(named)), f.receiver(v)
	var data ssa.Value
	if f.tree.Data != nil {
		data = eval.Argument(v, int(*f.tree.Data))
	}
	if name == nil {
		return
	}
	ask := func(c *eval.Context) []eval.Value {
		var out []eval.Value
		for _, v := range []ssa.Value{recv, name, data} {
			if v != nil {
				out = append(out, c.Eval(v, root)...)
			}
		}
		return out
	}
	boundary.Settled(f.Eval.Context(), ask, func(c *eval.Context, _ []eval.Value) {
		var values []eval.Value
		if data != nil {
			values = c.Eval(data, root)
		}
		for _, parent := range f.owners(c, recv, root) {
			for _, text := range c.Eval(name, root) {
				word := boundary.FirstWord(text)
				if word == "" {
					continue
				}
				own := boundary.Made{Value: eval.Result{Call: v, Frame: root, T: v.Type()}, Ctx: c}
				f.made = append(f.made, made{own, parent, word, values, root})
			}
		}
	})
}

// gives notes what a call gives to the commands that its receiver can be.
func (f *finder) gives(call index.Call, arg ssa.Value, into *[]given) {
	root := f.Eval.Root(call.In)
	recv := f.receiver(call.Instr)
	if recv == nil {
		return
	}
	ask := func(c *eval.Context) []eval.Value {
		out := c.Eval(recv, root)
		if arg != nil {
			out = append(slices.Clone(out), c.Eval(arg, root)...)
		}
		return out
	}
	boundary.Settled(f.Eval.Context(), ask, func(c *eval.Context, _ []eval.Value) {
		var values []eval.Value
		if arg != nil {
			values = c.Eval(arg, root)
		}
		for _, to := range f.owners(c, recv, root) {
			*into = append(*into, given{to, c, root, arg, values, call.Instr})
		}
	})
}

// receiver is what a call is made on, nil for a function without a receiver.
func (f *finder) receiver(call ssa.CallInstruction) ssa.Value {
	cc := call.Common()
	if cc.Signature().Recv() == nil && !cc.IsInvoke() {
		return nil
	}
	return boundary.Promoted(eval.Argument(call, 0))
}

// owners is the commands that a receiver can be, nil standing for the program.
func (f *finder) owners(c *eval.Context, recv ssa.Value, fr *eval.Frame) []owner {
	if recv == nil || f.program(c, recv, fr) {
		return []owner{{root: true}}
	}
	var out []owner
	for _, v := range c.Eval(recv, fr) {
		if o, ok := f.owner(c, v); ok {
			out = append(out, o)
		}
	}
	return out
}

// program reports whether v is the program, or the command that is embedded in it,
// also where a caller passes it.
func (f *finder) program(c *eval.Context, v ssa.Value, fr *eval.Frame) bool {
	for range maxChain {
		v = boundary.Promoted(v)
		if f.isRoot(v.Type()) {
			return true
		}
		p, ok := v.(*ssa.Parameter)
		if !ok {
			return false
		}
		call, up := c.Caller(fr)
		if call == nil {
			return false
		}
		if v, fr = eval.Argument(call, slices.Index(p.Parent().Params, p)), up; v == nil {
			return false
		}
	}
	return false
}

// owner sees through calls that return their receiver.
func (f *finder) owner(c *eval.Context, v eval.Value) (owner, bool) {
	for range maxChain {
		r, ok := v.(eval.Result)
		if !ok {
			break
		}
		called := models.Split(index.CalleeSymbol(&r.Call.Call))
		if slices.ContainsFunc(f.tree.Command, func(by models.Place) bool { return f.model.Matches(by.Call, called) }) {
			return owner{made: boundary.Made{Value: v, Ctx: c}}, true
		}
		recv := f.receiver(r.Call)
		if _, own := f.model.Below(called.Path); !own || recv == nil {
			break
		}
		if f.isRoot(recv.Type()) {
			return owner{root: true}, types.Identical(recv.Type(), r.Call.Type())
		}
		next := c.Eval(recv, r.Frame)
		if len(next) != 1 {
			break
		}
		v = next[0]
	}
	return owner{}, false
}

func (f *finder) isRoot(t types.Type) bool {
	return slices.ContainsFunc(f.tree.Roots, func(s models.Symbol) bool { return f.model.IsType(s, index.TypeSymbol(t)) })
}

func (o owner) is(x owner) bool {
	return o.root && x.root || !o.root && !x.root && boundary.Same(o.made, x.made)
}

// visit reports the command that n is and goes on with those below it.
func (f *finder) visit(n node, depth int) {
	if n.of == nil {
		n.owner, n.route = owner{root: true}, []boundary.Node{f.Main()}
	}
	n.before = append(n.before[:len(n.before):len(n.before)], f.functions(f.first, n)...)
	f.report(n)
	if depth >= maxWords || f.ctx.Err() != nil {
		return
	}
	for i := range f.made {
		m := &f.made[i]
		own := owner{made: m.Made}
		if !m.parent.is(n.owner) {
			continue
		}
		child := node{owner: own, of: m, words: append(n.words[:len(n.words):len(n.words)], m.name), before: n.before, hidden: n.hidden}
		if n.of != nil {
			child.groups = slices.Concat(n.groups, [][]string{n.aliases})
		}
		for _, g := range f.alias {
			if g.to.is(own) {
				for _, v := range g.values {
					if name := boundary.FirstWord(v); name != "" {
						child.aliases = append(child.aliases, name)
					}
				}
			}
		}
		child.hidden = child.hidden || slices.ContainsFunc(f.hide, func(g given) bool { return g.to.is(own) })
		child.route = f.Extend(n.route, f.Chain(m.Ctx, m.frame))
		f.visit(child, depth+1)
	}
}

// functions is what calls gave to a command.
func (f *finder) functions(all []given, to node) []boundary.Handler {
	var out []boundary.Handler
	for _, g := range all {
		if g.to.is(to.owner) {
			out = append(out, f.handlers(g, to)...)
		}
	}
	return boundary.Distinct(out)
}

// handlers is the functions that a call gave to n: those of the entry from which n is
// made where a loop over a table makes both.
func (f *finder) handlers(g given, n node) []boundary.Handler {
	if n.of != nil && g.arg != nil && n.of.frame == g.frame {
		return f.Functions(n.of.Ctx, n.of.Ctx.Eval(g.arg, g.frame)...)
	}
	return f.Functions(g.ctx, g.values...)
}

// report is the command that n is, if it runs something.
func (f *finder) report(n node) {
	c := boundary.Command{
		Words: n.words, Aliases: n.aliases, Groups: n.groups, Before: n.before, Kind: flow.Closure, Route: n.route,
		Rule: "commandcalls/2", Hidden: n.hidden,
	}
	if n.of != nil {
		c.Pos = n.of.Site().Pos()
	}
	for _, g := range f.runs {
		if !g.to.is(n.owner) {
			continue
		}
		if hs := f.handlers(g, n); len(hs) > 0 {
			if len(c.Run) == 0 {
				c.Route, c.Pos = f.Extend(n.route, f.Chain(g.ctx, g.frame)), g.call.Pos()
			}
			c.Run = append(c.Run, hs...)
		}
	}
	if n.of != nil && len(c.Run) == 0 && f.tree.Method != "" {
		c.Kind, c.Rule = flow.Interface, "commandcalls/3"
		for _, v := range n.of.data {
			c.Run = append(c.Run, f.Method(v.Type(), f.tree.Method)...)
		}
	}
	if n.of != nil && f.asked(n) {
		c.Kind, c.Rule = flow.Call, "commandcalls/4"
		c.Before = append(c.Before[:len(c.Before):len(c.Before)], c.Run...) // while the words are read
		c.Run, c.Route = []boundary.Handler{{Fn: f.Main()}}, []boundary.Node{f.Main()}
	}
	c.Run = boundary.Distinct(c.Run)
	if len(c.Run) > 0 {
		f.found = append(f.found, c)
	}
}

// asked notes where the program asks for the words of n, and reports whether it
// does.
func (f *finder) asked(n node) bool {
	found := false
	for _, g := range f.full {
		if call, ok := g.call.(*ssa.Call); ok && g.to.is(n.owner) {
			found = true
			f.out.Asked = append(f.out.Asked, boundary.Asked{Call: call, Words: n.words})
		}
	}
	return found
}
