package execprogram

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/program"
)

// argv0Table reports the entries of tables that are looked up by os.Args[0].
func (f *finder) argv0Table() {
	for _, fn := range f.Program.Funcs {
		if f.Program.Std(fn) {
			continue
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if l, ok := instr.(*ssa.Lookup); ok && readsArgs0(l.Index) {
					f.argv0Entries(fn, l)
				}
			}
		}
	}
}

// readsArgs0 reports whether v is os.Args[0], or its last path element.
func readsArgs0(v ssa.Value) bool {
	if c, ok := v.(*ssa.Call); ok {
		switch program.Symbol(c.Call.StaticCallee()) {
		case "path/filepath.Base", "path.Base":
			v = c.Call.Args[0]
		}
	}
	return isArgs0(v)
}

// argv0Entries reports one command for each entry of the table; the name and
// the function may come from the callers of a registering function.
func (f *finder) argv0Entries(fn *ssa.Function, l *ssa.Lookup) {
	for _, en := range f.Eval.Context().Entries(l.X, f.Eval.Root(fn)) {
		f.Eval.Contexts(
			func(c *eval.Context) []eval.Hole {
				return append(eval.Holes(c.Eval(en.Key, en.Frame)), eval.Holes(c.Eval(en.Value, en.Frame))...)
			},
			func(c *eval.Context) {
				for _, k := range c.Eval(en.Key, en.Frame) {
					name, ok := eval.AsText(k).Const()
					if !ok {
						continue
					}
					for _, v := range c.Eval(en.Value, en.Frame) {
						if target, ok := v.(eval.Func); ok {
							f.argv0Command(name, target.Fn, fn, l)
						}
					}
				}
			})
	}
}

func (f *finder) argv0Command(name string, target, in *ssa.Function, l *ssa.Lookup) {
	cmd := boundary.Command{
		Words: []string{name}, Argv0: true, Hidden: true, Kind: flow.Registration, Pos: target.Pos(), Rule: "execprogram/5",
		Route: []boundary.Node{f.Main(), in},
	}
	for _, t := range f.Graph.Through(target) {
		cmd.Run = append(cmd.Run, boundary.Handler{Fn: t})
	}
	if !slices.ContainsFunc(f.out.Commands, func(c boundary.Command) bool { return c.Argv0 && c.Words[0] == name }) {
		f.out.Commands = append(f.out.Commands, cmd)
	}
	// the lookup's own call would reach every entry
	if site := f.callOf(in, l); site != nil && !slices.Contains(f.out.Cuts, site) {
		f.out.Cuts = append(f.out.Cuts, site)
	}
}

// callOf is the call of the function that a lookup found.
func (f *finder) callOf(in *ssa.Function, l *ssa.Lookup) ssa.CallInstruction {
	for _, s := range f.Graph.Out(in) {
		switch v := s.Instr.Common().Value.(type) {
		case *ssa.Lookup:
			if v == l {
				return s.Instr
			}
		case *ssa.Extract:
			if v.Tuple == l {
				return s.Instr
			}
		}
	}
	return nil
}
