package flagcmd

import (
	"context"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
)

// table is a list or map in which an argument is looked up.
type table struct {
	place   int
	element ssa.Value // what stands for the entry: eval.Hole.V
	lookup  *ssa.Lookup
	name    ssa.Value       // of a list: the part of an element that is compared …
	at      ssa.Instruction // … and the comparison
}

// tables is rule 3.
func (f *finder) tables(ctx context.Context) {
	reached := f.reached(f.Main(), nil)
	var fns []*ssa.Function
	var tables []table
	for _, fn := range f.Program.Funcs {
		if reached[fn] && !f.Program.Std(fn) && fn.Blocks != nil {
			fns = append(fns, fn)
			tables = append(tables, f.tablesIn(fn)...)
		}
	}
	if len(tables) == 0 {
		return
	}
	for place := range 2 {
		in := slices.DeleteFunc(slices.Clone(tables), func(t table) bool { return t.place != place })
		for _, fn := range fns {
			if ctx.Err() != nil || len(in) == 0 {
				break
			}
			for _, s := range f.Graph.Out(fn) {
				if s.Rule != calls.Static && s.Rule != calls.Passed {
					f.entries(s, in)
				}
			}
		}
	}
	f.behindEntries()
}

// tablesIn is the lookups and comparisons of one function.
func (f *finder) tablesIn(fn *ssa.Function) []table {
	var out []table
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Lookup:
				if place, ok := f.place(instr.Index); ok {
					out = append(out, table{place: place, element: instr, lookup: instr})
					for _, r := range *instr.Referrers() {
						if x, ok := r.(*ssa.Extract); ok && x.Index == 0 {
							out = append(out, table{place: place, element: x, lookup: instr})
						}
					}
				}
			case *ssa.BinOp:
				if instr.Op == token.EQL || instr.Op == token.NEQ {
					out = append(out, f.compareNames(instr, instr.X, instr.Y)...)
					out = append(out, f.compareNames(instr, instr.Y, instr.X)...)
				}
			}
		}
	}
	return out
}

// place is which argument v is: the first or the second one.
func (f *finder) place(v ssa.Value) (int, bool) {
	arg, ok := f.of(v)
	return arg.place, ok && (arg.place == 0 || arg.place == 1)
}

// compareNames is the tables among whose elements name is, if it is compared
// with an argument.
func (f *finder) compareNames(at *ssa.BinOp, arg, name ssa.Value) []table {
	if _, ok := name.(*ssa.Const); ok {
		return nil
	}
	place, ok := f.place(arg)
	if !ok {
		return nil
	}
	var out []table
	for _, v := range f.Eval.Context().Eval(name, f.Eval.Root(at.Parent())) {
		if h, ok := elementOf(v); ok {
			out = append(out, table{place: place, element: h.V, name: name, at: at})
		}
	}
	return out
}

// asks reports whether the call comes before the comparison: it asks for the
// name.
func (t table) asks(call ssa.CallInstruction) bool {
	return t.at != nil && t.at.Parent() == call.Parent() && call.Block().Dominates(t.at.Block()) && call.Pos() <= t.at.Pos()
}

func elementOf(v eval.Value) (eval.Hole, bool) {
	switch v := v.(type) {
	case eval.Hole:
		return v, v.Kind == eval.Element
	case eval.Text:
		if h := v.Holes(); len(h) == 1 && h[0].Kind == eval.Element {
			return h[0], true
		}
	}
	return eval.Hole{}, false
}

// entries reports a command for each entry of a table that the site calls.
func (f *finder) entries(s *calls.Site, tables []table) {
	cc := s.Instr.Common()
	root := f.Eval.Root(s.Caller)
	for _, v := range f.Eval.Context().Eval(cc.Value, root) {
		h, ok := elementOf(v)
		if !ok {
			continue
		}
		i := slices.IndexFunc(tables, func(t table) bool { return t.element == h.V && !t.asks(s.Instr) })
		if i < 0 {
			continue
		}
		t := tables[i]
		boundary.Settled(f.Eval.Context(), func(c *eval.Context) []eval.Value {
			vs := slices.Clone(c.Eval(cc.Value, root))
			if t.name != nil {
				vs = append(vs, c.Eval(t.name, h.Frame)...)
			}
			return vs
		}, func(c *eval.Context, _ []eval.Value) {
			run := f.Functions(c, c.Eval(cc.Value, root)...)
			if cc.IsInvoke() {
				run = f.methods(c, cc, c.Eval(cc.Value, root))
			}
			for _, word := range f.keys(c, t, h) {
				if t.place == 0 {
					f.entry([]string{word}, run, s)
					continue
				}
				for _, first := range f.leading(s.Caller) {
					f.entry([]string{first, word}, run, s)
				}
			}
		})
	}
}

func (f *finder) methods(c *eval.Context, cc *ssa.CallCommon, receivers []eval.Value) []boundary.Handler {
	var out []boundary.Handler
	for _, r := range receivers {
		if m := f.Eval.Method(r, cc.Method); m != nil {
			for _, fn := range f.Graph.Through(m) {
				out = append(out, boundary.Handler{Fn: fn, Value: eval.Func{Fn: m}, Given: boundary.Self(c.Bind(r))})
			}
		}
	}
	return boundary.Distinct(out)
}

// leading is the first words of entries that lead to fn, where the second word is
// looked up.
func (f *finder) leading(fn *ssa.Function) []string {
	var out []string
	for _, c := range f.found {
		if c.Rule == "flagcmd/3" && len(c.Words) == 1 && f.entered(c)[fn] && !slices.Contains(out, c.Words[0]) {
			out = append(out, c.Words[0])
		}
	}
	return out
}

// entered is the functions that an entry reaches: of a literal, as far as that
// goes, those that it captured.
func (f *finder) entered(c boundary.Command) map[*ssa.Function]bool {
	out := map[*ssa.Function]bool{}
	for _, h := range c.Run {
		captured := f.Functions(f.Eval.Context(), f.Eval.Context().Captured(h.Value, isFunction)...)
		if len(captured) == 0 {
			captured = []boundary.Handler{h}
		}
		for _, h := range captured {
			maps.Copy(out, f.reached(h.Fn, nil))
		}
	}
	return out
}

func isFunction(t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	_, ok := t.Underlying().(*types.Signature)
	return ok
}

// behindEntries adds the second words that are compared in what an entry runs.
func (f *finder) behindEntries() {
	for _, first := range slices.Clone(f.found) {
		if first.Rule != "flagcmd/3" || len(first.Words) != 1 {
			continue
		}
		entered := f.entered(first)
		for _, d := range f.functions {
			if !entered[d.fn] {
				continue
			}
			for _, word := range d.words(1) {
				if word != "" && !strings.HasPrefix(word, "-") {
					f.found = append(f.found, behind(first, word))
				}
			}
		}
	}
}

func behind(c boundary.Command, word string) boundary.Command {
	c.Words, c.Aliases, c.Rule = append(slices.Clone(c.Words), word), nil, "flagcmd/2"
	return c
}

// keys is the words under which the chosen entry is found.
func (f *finder) keys(c *eval.Context, t table, h eval.Hole) []string {
	var names []eval.Value
	if t.lookup == nil {
		names = c.Eval(t.name, h.Frame)
	} else {
		for _, p := range c.Picks() {
			for _, e := range c.Entries(t.lookup.X, h.Frame) {
				if e.Value != p.V {
					continue
				}
				boundary.Settled(c, func(c *eval.Context) []eval.Value { return c.Eval(e.Key, e.Frame) }, func(_ *eval.Context, keys []eval.Value) {
					names = append(names, keys...)
				})
			}
		}
	}
	var out []string
	for _, n := range names {
		if text, ok := n.(eval.Text); ok {
			if w, ok := text.Const(); ok && w != "" && !strings.HasPrefix(w, "-") {
				out = append(out, w)
			}
		}
	}
	return out
}

func (f *finder) entry(words []string, run []boundary.Handler, s *calls.Site) {
	if len(run) == 0 {
		return
	}
	f.found = append(f.found, boundary.Command{
		Words: words, Run: run, Kind: s.Kind, Rule: "flagcmd/3", Pos: s.Pos(),
		Route: f.Extend([]boundary.Node{f.Main()}, []boundary.Node{s.Caller}),
	})
}
