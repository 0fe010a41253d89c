// Package urfavecmd finds the commands of programs built on urfave/cli, in its
// three major versions and under its old name codegangsta/cli.
//
// Words. The root is the cli.App, or since version 3 the cli.Command, that the
// program runs. Its commands stand in the field Commands, those of a command in
// Subcommands (Commands since version 3). The lists hold structs in version 1
// and pointers later; both are followed to the literal or package variable that
// made them.
//
//  1. root: Run, RunContext or RunAndExitOnError on the object, by code that
//     main reaches; the object may come from NewApp and get its fields by
//     assignment
//  2. command: an element of the root's or a command's list, however the list is
//     put together: literal, append, variable, function result, loop
//
// What runs: Action; before it the Before of the root and of every command on
// the way. Where Action is an interface{}, the library calls it through package
// reflect or after a type switch, and no call edge leads to it.
//
// It cannot see the help command that the library adds, nor commands of a root
// that is read from a library object.
package urfavecmd

import (
	"context"
	"go/token"
	"go/types"
	"slices"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// Finder finds urfave/cli commands.
var Finder = boundary.Finder{Name: "urfavecmd", Idioms: []int{20, 26, 27}, Find: find}

// library is one of the import paths, and the type that a program runs.
type library struct {
	path, root string
}

var libraries = []library{
	{"github.com/codegangsta/cli", "App"},
	{"github.com/urfave/cli", "App"},
	{"gopkg.in/urfave/cli.v1", "App"},
	{"gopkg.in/urfave/cli.v2", "App"},
	{"github.com/urfave/cli/v2", "App"},
	{"github.com/urfave/cli/v3", "Command"},
}

const maxWords = 8 // commands deep

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	for _, lib := range libraries {
		if u.Main() == nil || u.Program.SSA.ImportedPackage(lib.path) == nil {
			continue
		}
		f := &finder{
			CommandObjects: u.NewCommandObjects([]string{lib.path + ".App", lib.path + ".Command"}, []string{
				"Name", "Aliases", "ShortName", "Hidden", "Action", "Before", "Commands", "Subcommands",
			}),
			ctx: ctx, lib: lib,
		}
		for _, r := range f.roots() {
			f.visit(r)
		}
		out.Commands = append(out.Commands, boundary.Merged(f.found)...)
	}
}

type finder struct {
	*boundary.CommandObjects
	ctx   context.Context
	lib   library
	found []boundary.Command
}

// node is a command on the way down from the root.
type node struct {
	groups [][]string // other names of the words before the last
	boundary.Made
	above *node
	words []string
	route []boundary.Node
	rule  string
}

// roots is rule 1.
func (f *finder) roots() []node {
	var out []node
	for _, name := range []string{"Run", "RunContext", "RunAndExitOnError"} {
		for _, call := range f.Index.Calls("(*" + f.lib.path + "." + f.lib.root + ")." + name) {
			if program.PkgPath(call.In) == f.lib.path || !f.Reaches(call.In) {
				continue
			}
			for _, m := range f.Objects(call.In, eval.Argument(call.Instr, 0)) {
				if slices.ContainsFunc(out, func(x node) bool { return boundary.Same(x.Made, m) }) {
					continue
				}
				route := f.Extend([]boundary.Node{f.Main()}, f.Chain(m.Ctx, f.Eval.Root(call.In)))
				out = append(out, node{Made: m, rule: "urfavecmd/1", route: f.Extend(route, f.Holder(m))})
			}
		}
	}
	return out
}

// visit reports the command that n is and goes on with its children.
func (f *finder) visit(n node) {
	f.report(n)
	if len(n.words) >= maxWords || f.ctx.Err() != nil {
		return
	}
	for _, list := range []string{"Commands", "Subcommands"} {
		for _, s := range f.Fields(n.Made, list) {
			f.children(n, s)
		}
	}
}

// children is rule 2.
func (f *finder) children(n node, s boundary.Setting) {
	route := f.Extend(n.route, f.Holds(s))
	for _, it := range boundary.Items(s.Ctx, func(*eval.Context) []eval.Value { return []eval.Value{s.Value} }, s.At) {
		if f.below(n, it.Made) {
			continue
		}
		at := f.Extend(f.Extend(route, f.Chain(it.Ctx, it.At)), f.Holder(it.Made))
		for _, name := range f.Texts(it.Made, "Name") {
			f.visit(node{
				Made: it.Made, above: &n, words: append(n.words[:len(n.words):len(n.words)], name), route: at, rule: "urfavecmd/2",
				groups: f.groups(n),
			})
		}
	}
}

// below reports whether m is n or a command above it.
func (f *finder) below(n node, m boundary.Made) bool {
	for up := &n; up != nil; up = up.above {
		if boundary.Same(up.Made, m) {
			return true
		}
	}
	return false
}

// report is the command that n is, if it runs something.
func (f *finder) report(n node) {
	var handlers []boundary.Handler
	route, pos := n.route, token.NoPos
	for _, s := range f.Field(n.Made, "Action") {
		hs := f.written(s)
		if len(hs) > 0 && len(handlers) == 0 {
			route, pos = f.Extend(route, f.Holds(s)), s.Pos
		}
		handlers = append(handlers, hs...)
	}
	if len(handlers) == 0 {
		return
	}
	c := boundary.Command{
		Words: n.words, Run: boundary.Distinct(handlers), Before: f.before(n), Kind: kind(n.Made),
		Route: route, Pos: pos, Rule: n.rule, Hidden: f.True(n.Made, "Hidden"),
	}
	if n.above != nil {
		c.Aliases, c.Groups = f.aliases(n), n.groups
	}
	f.found = append(f.found, c)
}

func (f *finder) aliases(n node) []string {
	return append(f.Texts(n.Made, "Aliases"), f.Texts(n.Made, "ShortName")...)
}

// groups is the other names of the words above a child of n.
func (f *finder) groups(n node) [][]string {
	if n.above == nil {
		return nil
	}
	return append(n.groups[:len(n.groups):len(n.groups)], f.aliases(n))
}

// written is the functions of a setting, without the library's own defaults.
func (f *finder) written(s boundary.Setting) []boundary.Handler {
	return slices.DeleteFunc(f.Functions(s.Ctx, s.Value), func(h boundary.Handler) bool {
		return program.PkgPath(h.Fn) == f.lib.path
	})
}

// before is the hooks on the way, the root's first.
func (f *finder) before(n node) []boundary.Handler {
	var out []boundary.Handler
	for up := &n; up != nil; up = up.above {
		var hooks []boundary.Handler
		for _, s := range f.Field(up.Made, "Before") {
			hooks = append(hooks, f.written(s)...)
		}
		out = append(hooks, out...)
	}
	return boundary.Distinct(out)
}

// kind is how the library calls Action, by the type of the field.
func kind(m boundary.Made) flow.Kind {
	t := typeOf(m)
	if i := index.FieldNamed(t, "Action"); i >= 0 && types.IsInterface(index.Field(t, i).Type()) {
		return flow.Reflection
	}
	return flow.Closure
}

func typeOf(m boundary.Made) types.Type {
	if r, ok := m.Value.(eval.Result); ok {
		return r.T
	}
	return m.Value.Type()
}
