// Package commandtags finds the commands of programs that describe their command
// line as a struct: a tag makes a field a command, the fields of its type are
// flags and further commands, and a library walks all of it by reflection.
//
// A model (analyzer/models) names the tags and the calls that are given the
// struct.
//
//  1. command: a field with the tag, in a struct that is given to the library in
//     code that main reaches, or in the type of such a field. Embedded fields,
//     and those with the model's tag for it, count as the struct's own
//  2. root: the struct itself, where it has the method that runs
//
// What runs is a method of the field's type, else of the nearest one above it.
// Nothing but reflection leads there.
//
// It cannot see commands that a library is given one by one, nor fields of
// interface types.
package commandtags

import (
	"context"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
)

// Finder finds commands that are struct fields.
var Finder = boundary.Finder{Name: "commandtags", Idioms: []int{20}, Find: find}

const maxWords = 8 // commands deep

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	if u.Main() == nil {
		return
	}
	for _, m := range u.Models.All {
		if !u.Linked(m) {
			continue
		}
		for _, c := range m.Commands {
			if c.Tags == nil {
				continue
			}
			f := &finder{CommandRoutes: u.NewCommandRoutes(), tags: c.Tags}
			for _, by := range c.Tags.Parse {
				for _, call := range u.CallsOf(m, by.Call) {
					if ctx.Err() == nil && f.Reaches(call.In) {
						f.parsed(call.In, eval.Argument(call.Instr, int(by.Arg)), call.Instr.Pos())
					}
				}
			}
			out.Commands = append(out.Commands, boundary.Merged(f.found)...)
		}
	}
}

type finder struct {
	*boundary.CommandRoutes
	tags  *models.CommandTags
	found []boundary.Command
}

// node is a struct on the way down from the root.
type node struct {
	above   *node
	t       types.Type
	words   []string
	aliases []string
	groups  [][]string
	hidden  bool
	pos     token.Pos
}

// parsed is the commands of the struct that v points to.
func (f *finder) parsed(in *ssa.Function, v ssa.Value, pos token.Pos) {
	if v == nil {
		return
	}
	root := f.Eval.Root(in)
	boundary.Settled(f.Eval.Context(), func(c *eval.Context) []eval.Value { return c.Eval(v, root) }, func(c *eval.Context, values []eval.Value) {
		route := f.Extend([]boundary.Node{f.Main()}, f.Chain(c, root))
		for _, v := range values {
			if t := v.Type(); t != nil {
				f.visit(node{t: t, pos: pos}, route)
			}
		}
	})
}

// visit reports the command that n is and goes on with the fields of its type.
func (f *finder) visit(n node, route []boundary.Node) {
	f.report(n, route)
	if len(n.words) < maxWords {
		f.fields(n, n.t, route)
	}
}

func (f *finder) fields(n node, t types.Type, route []boundary.Node) {
	s, ok := deref(t).Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i := range s.NumFields() {
		field := s.Field(i)
		tags := f.read(s.Tag(i))
		name, isCommand := tags[f.tags.Tag]
		_, embedded := tags[f.tags.Embed]
		switch {
		case isCommand:
			child := node{above: &n, t: field.Type(), pos: field.Pos()}
			if named := tags[f.tags.Name]; f.tags.Name != "" && named != "" {
				name = named
			}
			if name == "" || f.tags.Name != "" && tags[f.tags.Name] == "" {
				name = kebab(field.Name())
			}
			child.words = slices.Concat(n.words, []string{name})
			if n.above != nil {
				child.groups = slices.Concat(n.groups, [][]string{n.aliases})
			}
			child.aliases = strings.FieldsFunc(tags[f.tags.Alias], func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
			_, hidden := tags[f.tags.Hidden]
			child.hidden = n.hidden || hidden
			f.visit(child, route)
		case field.Embedded() || embedded && f.tags.Embed != "":
			f.fields(n, field.Type(), route)
		}
	}
}

// read is the tags of a field by name.
func (f *finder) read(tag string) map[string]string {
	out := map[string]string{}
	for _, key := range []string{f.tags.Tag, f.tags.Name, f.tags.Alias, f.tags.Hidden, f.tags.Embed} {
		if value, ok := reflect.StructTag(tag).Lookup(key); ok && key != "" {
			out[key] = value
		}
	}
	if f.tags.Within == "" {
		return out
	}
	for _, part := range strings.Split(reflect.StructTag(tag).Get(f.tags.Within), ",") {
		if key, value, _ := strings.Cut(part, "="); key != "" {
			out[strings.TrimSpace(key)] = strings.Trim(value, "'")
		}
	}
	return out
}

// report is the command that n is, if it runs something.
func (f *finder) report(n node, route []boundary.Node) {
	var run []boundary.Handler
	for up := &n; up != nil && len(run) == 0; up = up.above {
		if up != &n && f.branches(n.t) {
			return // a group of commands does nothing by itself
		}
		run = f.Method(deref(up.t), f.tags.Run)
	}
	if len(run) == 0 {
		return
	}
	var before []boundary.Handler
	for up := &n; up != nil; up = up.above {
		var hooks []boundary.Handler
		for _, name := range f.tags.Before {
			hooks = append(hooks, f.Method(deref(up.t), name)...)
		}
		before = append(hooks, before...)
	}
	rule := "commandtags/1"
	if n.above == nil {
		rule = "commandtags/2"
	}
	f.found = append(f.found, boundary.Command{
		Words: n.words, Aliases: n.aliases, Groups: n.groups, Run: run, Before: boundary.Distinct(before), Kind: flow.Reflection,
		Route: route, Pos: n.pos, Rule: rule, Hidden: n.hidden,
	})
}

// branches reports whether a struct has commands below it.
func (f *finder) branches(t types.Type) bool {
	s, ok := deref(t).Underlying().(*types.Struct)
	return ok && slices.ContainsFunc(slices.Collect(fieldTags(s)), func(tag string) bool {
		_, isCommand := f.read(tag)[f.tags.Tag]
		return isCommand
	})
}

func fieldTags(s *types.Struct) func(func(string) bool) {
	return func(yield func(string) bool) {
		for i := range s.NumFields() {
			if !yield(s.Tag(i)) {
				return
			}
		}
	}
}

func deref(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// kebab writes a field's name as a word: AddUser is add-user, HTTPServe is
// http-serve.
func kebab(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
