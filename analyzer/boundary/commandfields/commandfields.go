// Package commandfields finds the commands of programs that describe their
// command line as a tree of structs: a field holds the name, another the
// function, and the commands below stand in a field or are attached by calls.
//
// Words. A model (analyzer/models) names the types, fields and calls of a
// library; this package knows none. The root is the object that the program
// runs. An attachment is a call that puts commands below its receiver. A
// command object is identified by the place that made it and the calls that led
// there, so that one constructor used under two parents gives two commands.
//
// Algorithm. The objects on which a method of the model's root is called, by
// code that main reaches, are the roots. From a root down, the elements of the
// fields with children, however such a list is put together, and the arguments
// of every attachment whose receiver can be the object are the children. Fields
// set later through a pointer hide those of the literal, and those hide what
// the struct was copied from.
//
//  1. root: the object that the program runs
//  2. child by field: an element of a list
//  3. child by call: an attachment
//  4. root by elimination, when no receiver of rule 1 is known and there are
//     attachments: the command that is handed to a library function, else every
//     command with children that nothing attaches, in code that main reaches
//
// Where the field of the function is an interface{}, the library calls it
// through package reflect or after a type switch, and no call edge leads to it.
//
// It cannot see commands whose parent is read from a library object, nor those
// that a library makes itself.
package commandfields

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

// Finder finds commands that are structs.
var Finder = boundary.Finder{Name: "commandfields", Idioms: []int{20, 24, 25, 26, 27}, Find: find}

const maxWords = 8 // commands deep

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	if u.Main() == nil {
		return
	}
	for _, m := range u.Models.All {
		for _, c := range m.Commands {
			if c.Fields != nil {
				commands(ctx, u, m, c.Fields, out)
			}
		}
	}
}

func commands(ctx context.Context, u *boundary.Unit, m *models.Model, tree *models.CommandFields, out *boundary.Findings) {
	named := u.TypesOf(m, tree.Types)
	if len(named) == 0 {
		return
	}
	f := &finder{
		CommandObjects: u.NewCommandObjects(named, fields(tree)), ctx: ctx, model: m, tree: tree, types: named,
	}
	f.attachments()
	roots := f.executed()
	if len(roots) == 0 {
		roots = f.unattached()
	}
	for _, r := range roots {
		f.visit(r)
	}
	out.Commands = append(out.Commands, boundary.Merged(f.found)...)
}

// fields is every field of the tree's types that is read.
func fields(tree *models.CommandFields) []string {
	out := slices.Concat([]string{tree.Name, tree.Says, tree.Hidden}, tree.Aliases, tree.Run, tree.Children)
	for _, h := range slices.Concat(tree.Before, tree.After) {
		out = append(out, h.Fields...)
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

type finder struct {
	*boundary.CommandObjects
	ctx      context.Context
	model    *models.Model
	tree     *models.CommandFields
	types    []string
	attached []attachment
	found    []boundary.Command
}

// attachment is one call that makes its arguments children of parent.
type attachment struct {
	parent boundary.Made
	call   ssa.CallInstruction
	arg    models.Arg
}

// node is a command on the way down from the root.
type node struct {
	groups [][]string // other names of the words before the last
	boundary.Made
	above   *node
	words   []string
	aliases []string
	route   []boundary.Node
	handed  boundary.Place // the call that runs the root, where it is known
	rule    string
}

// calls visits the calls of a function of the library outside of it, each with
// the objects that its receiver can be.
func (f *finder) calls(s models.Symbol, visit func(index.Call, boundary.Made)) {
	for _, call := range f.CallsOf(f.model, s) {
		if f.ctx.Err() != nil {
			return
		}
		if f.own(call.In) {
			continue
		}
		for _, m := range f.Objects(call.In, eval.Argument(call.Instr, 0)) {
			visit(call, m)
		}
	}
}

// own reports whether fn is the library's.
func (f *finder) own(fn *ssa.Function) bool {
	_, own := f.model.Below(program.PkgPath(fn))
	return own
}

func (f *finder) attachments() {
	for _, by := range f.tree.Attach {
		f.calls(by.Call, func(call index.Call, m boundary.Made) {
			f.attached = append(f.attached, attachment{m, call.Instr, by.Arg})
		})
	}
}

// executed is rule 1.
func (f *finder) executed() []node {
	var out []node
	for _, root := range f.tree.Root {
		f.calls(root, func(call index.Call, m boundary.Made) {
			if !f.Reaches(call.In) || slices.ContainsFunc(out, func(x node) bool { return boundary.Same(x.Made, m) }) {
				return
			}
			route := f.Extend([]boundary.Node{f.Main()}, f.Chain(m.Ctx, f.Eval.Root(call.In)))
			out = append(out, node{
				Made: m, rule: "commandfields/1", route: f.Extend(route, f.Holder(m)),
				handed: boundary.Place{In: call.In, Pos: call.Instr.Pos()},
			})
		})
	}
	return out
}

func contains(list []boundary.Made, m boundary.Made) bool {
	return slices.ContainsFunc(list, func(x boundary.Made) bool { return boundary.Same(x, m) })
}

// unattached is rule 4.
func (f *finder) unattached() []node {
	if len(f.attached) == 0 {
		return nil
	}
	var children, parents []boundary.Made
	for _, a := range f.attached {
		for _, it := range f.items(a, a.parent.Ctx, f.Eval.Root(a.call.Parent())) {
			children = append(children, it.Made)
		}
	}
	add := func(in *ssa.Function, m boundary.Made) {
		if f.Reaches(in) && !contains(children, m) && !contains(parents, m) {
			parents = append(parents, m)
		}
	}
	f.handed(add)
	if len(parents) == 0 {
		for _, a := range f.attached {
			add(a.call.Parent(), a.parent)
		}
	}
	var out []node
	for _, m := range parents {
		out = append(out, node{Made: m, rule: "commandfields/4", route: f.Extend([]boundary.Node{f.Main()}, f.Holder(m))})
	}
	return out
}

// handed visits the commands that are arguments of library functions.
func (f *finder) handed(visit func(*ssa.Function, boundary.Made)) {
	for _, symbol := range f.Index.Symbols() {
		for _, call := range f.Index.Calls(symbol) {
			fn := call.Instr.Common().StaticCallee()
			if fn == nil || fn.Blocks != nil || f.own(fn) {
				break
			}
			for _, a := range call.Instr.Common().Args {
				if !slices.Contains(f.types, index.TypeSymbol(a.Type())) {
					continue
				}
				for _, m := range f.Objects(call.In, a) {
					visit(call.In, m)
				}
			}
		}
	}
}

// visit reports the command that n is and goes on with its children.
func (f *finder) visit(n node) {
	f.report(n)
	if len(n.words) >= maxWords || f.ctx.Err() != nil {
		return
	}
	for _, list := range f.tree.Children {
		for _, s := range f.Fields(n.Made, list) {
			f.listed(n, s)
		}
	}
	f.attachedTo(n, n.Made, 0)
}

// listed is rule 2.
func (f *finder) listed(n node, s boundary.Setting) {
	route := f.Extend(n.route, f.Holds(s))
	for _, it := range boundary.Items(s.Ctx, func(*eval.Context) []eval.Value { return []eval.Value{s.Value} }, s.At) {
		f.child(n, it, f.Extend(route, f.Chain(it.Ctx, it.At)), "commandfields/2")
	}
}

// attachedTo is rule 3: what is attached to m, which n is or was copied from.
func (f *finder) attachedTo(n node, m boundary.Made, depth int) {
	for _, a := range f.attached {
		if !boundary.Same(a.parent, m) {
			continue
		}
		c, fr := f.Standing(m, a.parent, a.call)
		for _, it := range f.items(a, c, fr) {
			f.child(n, it, f.Extend(n.route, f.Chain(it.Ctx, fr)), "commandfields/3")
		}
	}
	if depth > 4 || len(f.attached) == 0 {
		return
	}
	for _, src := range f.Copied(m) {
		f.attachedTo(n, src, depth+1)
	}
}

// items is the commands that a makes children, seen from fr.
func (f *finder) items(a attachment, c *eval.Context, fr *eval.Frame) []boundary.Item {
	arg := eval.Argument(a.call, int(a.arg))
	return boundary.Items(c, func(c *eval.Context) []eval.Value { return c.Eval(arg, fr) }, fr)
}

func (f *finder) child(n node, it boundary.Item, route []boundary.Node, rule string) {
	for up := &n; up != nil; up = up.above {
		if boundary.Same(up.Made, it.Made) {
			return // a command cannot be below itself
		}
	}
	route = f.Extend(route, f.Holder(it.Made))
	for _, c := range f.names(it.Made) {
		f.visit(node{
			Made: c.Made, above: &n, rule: rule, words: append(n.words[:len(n.words):len(n.words)], c.word), groups: n.below(),
			aliases: f.aliases(c.Made), route: route, handed: n.handed,
		})
	}
}

// below is the other names of the words above a child of n.
func (n node) below() [][]string {
	if n.above == nil {
		return nil
	}
	return append(n.groups[:len(n.groups):len(n.groups)], n.aliases)
}

// named is a command in the context in which it has this name: of commands that
// one function makes from a table, the one of that entry.
type named struct {
	boundary.Made
	word string
}

// names is the first words of the field with the command's name.
func (f *finder) names(m boundary.Made) []named {
	var out []named
	for _, s := range f.Field(m, f.tree.Name) {
		name := boundary.FirstWord(s.Value)
		if name != "" && !slices.ContainsFunc(out, func(x named) bool { return x.word == name }) {
			out = append(out, named{boundary.Made{Value: m.Value, Ctx: s.Ctx}, name})
		}
	}
	return out
}

func (f *finder) aliases(m boundary.Made) []string {
	var out []string
	for _, field := range f.tree.Aliases {
		out = append(out, f.Texts(m, field)...)
	}
	return out
}

// report is the command that n is, if it runs something.
func (f *finder) report(n node) {
	runs, field := f.first(n.Made, f.tree.Run, f.Field)
	if len(runs) == 0 {
		return
	}
	var handlers []boundary.Handler
	c := boundary.Command{Words: n.words, Aliases: n.aliases, Groups: n.groups, Kind: kind(n.Made, field), Rule: n.rule, Handed: n.handed}
	for _, s := range runs {
		hs := f.written(s)
		if len(hs) > 0 && len(handlers) == 0 {
			c.Route, c.Pos = f.Extend(n.route, f.Holds(s)), s.Pos
		}
		handlers = append(handlers, hs...)
	}
	c.Run, c.Before, c.After = boundary.Distinct(handlers), f.hooks(n, f.tree.Before), f.hooks(n, f.tree.After)
	if f.tree.Says != "" {
		if says := f.Texts(n.Made, f.tree.Says); len(says) > 0 {
			c.Says = says[0]
		}
	}
	c.Hidden = f.tree.Hidden != "" && f.True(n.Made, f.tree.Hidden)
	f.found = append(f.found, c)
}

// first is the values of the first field that holds a function, and that field.
func (f *finder) first(m boundary.Made, names []string, read func(boundary.Made, string) []boundary.Setting) ([]boundary.Setting, string) {
	for _, name := range names {
		all := read(m, name)
		if slices.ContainsFunc(all, func(s boundary.Setting) bool { return len(f.written(s)) > 0 }) {
			return all, name
		}
	}
	return nil, ""
}

// written is the functions of a setting, without the library's own defaults.
func (f *finder) written(s boundary.Setting) []boundary.Handler {
	return slices.DeleteFunc(f.Functions(s.Ctx, s.Value), func(h boundary.Handler) bool { return f.own(h.Fn) })
}

// hooks is the functions that the library runs beside those of the command.
func (f *finder) hooks(n node, list []models.Hooks) []boundary.Handler {
	var out []boundary.Handler
	of := func(m boundary.Made, names []string, read func(boundary.Made, string) []boundary.Setting) (hooks []boundary.Handler) {
		settings, _ := f.first(m, names, read)
		for _, s := range settings {
			hooks = append(hooks, f.written(s)...)
		}
		return hooks
	}
	for _, h := range list {
		var hooks []boundary.Handler
		switch h.Of {
		case models.Own:
			hooks = of(n.Made, h.Fields, f.Field)
		case models.Nearest:
			for up := &n; up != nil && len(hooks) == 0; up = up.above {
				hooks = of(up.Made, h.Fields, f.Fields)
			}
		case models.Every:
			for up := &n; up != nil; up = up.above {
				hooks = append(of(up.Made, h.Fields, f.Field), hooks...)
			}
		}
		out = append(out, hooks...)
	}
	return boundary.Distinct(out)
}

// kind is how the library calls what is in a field, by the field's type.
func kind(m boundary.Made, field string) flow.Kind {
	t := m.Value.Type()
	if r, ok := m.Value.(eval.Result); ok {
		t = r.T
	}
	if i := index.FieldNamed(t, field); i >= 0 && types.IsInterface(index.Field(t, i).Type()) {
		return flow.Reflection
	}
	return flow.Closure
}
