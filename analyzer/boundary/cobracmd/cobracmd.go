// Package cobracmd finds the commands of programs built on spf13/cobra.
//
// Words. The root is the cobra.Command on which the program calls Execute. An
// attachment is a call that makes one command a child of another. A command
// object is identified by the place that made it and the calls that led there,
// so that one constructor used under two parents gives two commands.
//
// Algorithm. The objects on which Execute is called, by code that main reaches,
// are the roots. From a root down, every attachment whose receiver can be the
// object gives its children; their words are the first words of their Use.
// Fields set later through a pointer hide those of the literal, and those hide
// what the struct was copied from.
//
//  1. root: Execute, ExecuteC, ExecuteContext, ExecuteContextC on the object
//  2. child: AddCommand on the parent, with a list of any making: arguments, a
//     slice, a loop over a registry that init functions fill
//  3. child: SetHelpCommand, which cobra attaches on its own
//  4. root by elimination, when no receiver of Execute is known: the command that
//     is handed to a library function, else every command with children that
//     nothing attaches, in code that main reaches
//
// What runs: RunE before Run; before it the PersistentPreRunE or
// PersistentPreRun of the nearest command that has one, then PreRunE or PreRun.
//
// It cannot see commands that are attached through a receiver read from a
// library object, nor the help and completion commands that cobra makes itself.
package cobracmd

import (
	"context"
	"go/token"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// Finder finds cobra commands.
var Finder = boundary.Finder{Name: "cobracmd", Idioms: []int{24, 25}, Find: find}

const (
	pkg      = "github.com/spf13/cobra"
	typ      = pkg + ".Command"
	method   = "(*" + typ + ")."
	maxWords = 8 // commands deep
)

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	if !used(u) {
		return
	}
	f := &finder{
		CommandObjects: u.NewCommandObjects([]string{typ}, []string{
			"Use", "Aliases", "Hidden", "RunE", "Run", "PreRunE", "PreRun", "PersistentPreRunE", "PersistentPreRun",
		}),
		ctx: ctx,
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

// used reports whether the program has cobra in it and a main to begin from.
func used(u *boundary.Unit) bool {
	return u.Main() != nil && u.Program.SSA.ImportedPackage(pkg) != nil
}

type finder struct {
	*boundary.CommandObjects
	ctx      context.Context
	attached []attachment
	found    []boundary.Command
}

// attachment is one call that makes its arguments children of parent.
type attachment struct {
	parent boundary.Made
	call   ssa.CallInstruction
	rule   string
}

// node is a command on the way down from the root.
type node struct {
	groups [][]string // other names of the words before the last
	boundary.Made
	above   *node
	words   []string
	aliases []string
	route   []boundary.Node
	rule    string
}

// calls visits the calls of a method of cobra.Command outside of cobra, each
// with the objects that its receiver can be.
func (f *finder) calls(name string, visit func(index.Call, boundary.Made)) {
	for _, call := range f.Index.Calls(method + name) {
		if f.ctx.Err() != nil {
			return
		}
		if program.PkgPath(call.In) == pkg {
			continue
		}
		for _, m := range f.Objects(call.In, eval.Argument(call.Instr, 0)) {
			visit(call, m)
		}
	}
}

func (f *finder) attachments() {
	for _, by := range []struct{ method, rule string }{{"AddCommand", "cobracmd/2"}, {"SetHelpCommand", "cobracmd/3"}} {
		f.calls(by.method, func(call index.Call, m boundary.Made) {
			f.attached = append(f.attached, attachment{m, call.Instr, by.rule})
		})
	}
}

// executed is rule 1.
func (f *finder) executed() []node {
	var out []node
	var seen []boundary.Made
	for _, name := range []string{"Execute", "ExecuteC", "ExecuteContext", "ExecuteContextC"} {
		f.calls(name, func(call index.Call, m boundary.Made) {
			if f.Reaches(call.In) && !contains(seen, m) {
				seen = append(seen, m)
				route := f.Extend([]boundary.Node{f.Main()}, f.Chain(m.Ctx, f.Eval.Root(call.In)))
				out = append(out, node{Made: m, rule: "cobracmd/1", route: f.Extend(route, f.Holder(m))})
			}
		})
	}
	return out
}

func contains(list []boundary.Made, m boundary.Made) bool {
	for _, x := range list {
		if boundary.Same(x, m) {
			return true
		}
	}
	return false
}

// unattached is rule 4.
func (f *finder) unattached() []node {
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
		out = append(out, node{Made: m, rule: "cobracmd/4", route: f.Extend([]boundary.Node{f.Main()}, f.Holder(m))})
	}
	return out
}

// handed visits the commands that are arguments of library functions.
func (f *finder) handed(visit func(*ssa.Function, boundary.Made)) {
	for _, symbol := range f.Index.Symbols() {
		for _, call := range f.Index.Calls(symbol) {
			fn := call.Instr.Common().StaticCallee()
			if fn == nil || fn.Blocks != nil || strings.HasPrefix(program.PkgPath(fn), pkg) {
				break
			}
			for _, a := range call.Instr.Common().Args {
				if index.TypeSymbol(a.Type()) != typ {
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
	f.children(n, n.Made, 0)
}

// children visits what is attached to m, which n is or was copied from.
func (f *finder) children(n node, m boundary.Made, depth int) {
	for _, a := range f.attached {
		if !boundary.Same(a.parent, m) {
			continue
		}
		c, fr := f.Standing(m, a.parent, a.call)
		for _, it := range f.items(a, c, fr) {
			f.child(n, a, it, f.Extend(n.route, f.Chain(it.Ctx, fr)))
		}
	}
	if depth > 4 {
		return
	}
	for _, src := range f.Copied(m) {
		f.children(n, src, depth+1)
	}
}

// items is the commands that a makes children, seen from fr.
func (f *finder) items(a attachment, c *eval.Context, fr *eval.Frame) []boundary.Item {
	arg := eval.Argument(a.call, 1)
	return boundary.Items(c, func(c *eval.Context) []eval.Value { return c.Eval(arg, fr) }, fr)
}

func (f *finder) child(n node, a attachment, it boundary.Item, route []boundary.Node) {
	for up := &n; up != nil; up = up.above {
		if boundary.Same(up.Made, it.Made) {
			return // a command cannot be below itself
		}
	}
	for _, named := range f.names(it.Made) {
		f.visit(node{
			Made: named.Made, above: &n, rule: a.rule, words: append(n.words[:len(n.words):len(n.words)], named.word), groups: n.below(),
			aliases: f.Texts(named.Made, "Aliases"), route: f.Extend(route, f.Holder(it.Made)),
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

// names is the first words of the command's Use.
func (f *finder) names(m boundary.Made) []named {
	var out []named
	for _, s := range f.Field(m, "Use") {
		if name := boundary.FirstWord(s.Value); name != "" {
			out = append(out, named{boundary.Made{Value: m.Value, Ctx: s.Ctx}, name})
		}
	}
	return out
}

// report is the command that n is, if it runs something.
func (f *finder) report(n node) {
	runs := f.either(n.Made, "RunE", "Run", f.Field)
	var handlers []boundary.Handler
	route, pos := n.route, token.NoPos
	for _, s := range runs {
		hs := f.Functions(s.Ctx, s.Value)
		if len(hs) > 0 && len(handlers) == 0 {
			route, pos = f.Extend(route, f.Holds(s)), s.Pos
		}
		handlers = append(handlers, hs...)
	}
	if len(handlers) == 0 {
		return
	}
	f.found = append(f.found, boundary.Command{
		Words: n.words, Aliases: n.aliases, Groups: n.groups, Run: boundary.Distinct(handlers), Before: f.before(n), Kind: flow.Closure,
		Route: route, Pos: pos, Rule: n.rule, Hidden: f.True(n.Made, "Hidden"),
	})
}

// before is the hooks that cobra runs first.
func (f *finder) before(n node) []boundary.Handler {
	var out []boundary.Handler
	add := func(settings []boundary.Setting) {
		for _, s := range settings {
			out = append(out, f.Functions(s.Ctx, s.Value)...)
		}
	}
	for up := &n; up != nil && len(out) == 0; up = up.above {
		add(f.either(up.Made, "PersistentPreRunE", "PersistentPreRun", f.Fields))
	}
	add(f.either(n.Made, "PreRunE", "PreRun", f.Field))
	return boundary.Distinct(out)
}

// either is the values of the first field that has one.
func (f *finder) either(m boundary.Made, first, second string, read func(boundary.Made, string) []boundary.Setting) []boundary.Setting {
	for _, name := range []string{first, second} {
		for _, s := range read(m, name) {
			if len(f.Functions(s.Ctx, s.Value)) > 0 {
				return read(m, name)
			}
		}
	}
	return nil
}
