package flagcmd

import (
	"context"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
)

// table is a list or map in which a first argument is looked up.
type table struct {
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
	for _, fn := range fns {
		if ctx.Err() != nil {
			return
		}
		for _, s := range f.Graph.Out(fn) {
			if s.Rule != calls.Static && s.Rule != calls.Passed {
				f.entries(s, tables)
			}
		}
	}
}

// tablesIn is the lookups and comparisons of one function.
func (f *finder) tablesIn(fn *ssa.Function) []table {
	var out []table
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Lookup:
				if f.first(instr.Index) {
					out = append(out, table{element: instr, lookup: instr})
					for _, r := range *instr.Referrers() {
						if x, ok := r.(*ssa.Extract); ok && x.Index == 0 {
							out = append(out, table{element: x, lookup: instr})
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

func (f *finder) first(v ssa.Value) bool {
	arg, ok := f.of(v)
	return ok && arg.place == 0
}

// compareNames is the tables among whose elements name is, if it is compared
// with a first argument.
func (f *finder) compareNames(at *ssa.BinOp, arg, name ssa.Value) []table {
	if _, ok := name.(*ssa.Const); ok || !f.first(arg) {
		return nil
	}
	var out []table
	for _, v := range f.Eval.Context().Eval(name, f.Eval.Root(at.Parent())) {
		if h, ok := elementOf(v); ok {
			out = append(out, table{element: h.V, name: name, at: at})
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
				run = f.methods(cc, c.Eval(cc.Value, root))
			}
			for _, word := range f.keys(c, t, h) {
				f.entry(word, run, s)
			}
		})
	}
}

func (f *finder) methods(cc *ssa.CallCommon, receivers []eval.Value) []boundary.Handler {
	var out []boundary.Handler
	for _, r := range receivers {
		if m := f.Eval.Method(r, cc.Method); m != nil {
			for _, fn := range f.Graph.Through(m) {
				out = append(out, boundary.Handler{Fn: fn})
			}
		}
	}
	return boundary.Distinct(out)
}

// keys is the words under which the chosen entry is found.
func (f *finder) keys(c *eval.Context, t table, h eval.Hole) []string {
	var names []eval.Value
	if t.lookup == nil {
		names = c.Eval(t.name, h.Frame)
	} else {
		for _, p := range c.Picks() {
			for _, e := range c.Entries(t.lookup.X, h.Frame) {
				if e.Value == p.V {
					names = append(names, c.Eval(e.Key, e.Frame)...)
				}
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

func (f *finder) entry(word string, run []boundary.Handler, s *calls.Site) {
	if len(run) == 0 {
		return
	}
	f.found = append(f.found, boundary.Command{
		Words: []string{word}, Run: run, Kind: s.Kind, Rule: "flagcmd/3", Pos: s.Pos(),
		Route: f.Extend([]boundary.Node{f.Main()}, []boundary.Node{s.Caller}),
	})
}
