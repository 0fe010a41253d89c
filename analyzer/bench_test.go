package analyzer

import (
	"flag"
	"slices"
	"testing"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/clone"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/load"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// What is measured; bench/README.md tells how.
var (
	benchSource  = flag.String("bench.src", "..", "`DIR` of the system")
	benchProgram = flag.String("bench.program", "engined", "the program that BenchmarkStage takes apart")
	benchStart   = flag.String("bench.start", "engine", "the program that BenchmarkRoute starts in …")
	benchCommand = flag.String("bench.command", "update", "… and the command of it")
)

// BenchmarkStage measures each stage on one program, given what those before it made.
func BenchmarkStage(b *testing.B) {
	a := openBench(b)
	prog, err := a.program(*benchProgram)
	ok(b, err)
	models := a.system.Models()
	measure := func(name string, stage func() error) {
		done := false
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ok(b, stage())
			}
			done = true
		})
		if !done { // -bench names others, which need what this one makes
			ok(b, stage())
		}
	}

	var loaded *load.Executable
	measure("load", func() (err error) {
		loaded, err = load.New(load.Options{Models: a.system.Models}).Load(b.Context(), prog, a.system)
		return err
	})
	var built *program.Program
	measure("program", func() (err error) {
		built, err = program.Build(b.Context(), loaded)
		return err
	})
	var graph *calls.Graph
	measure("calls", func() (err error) {
		graph, err = calls.Build(b.Context(), built)
		return err
	})
	var facts *index.Index
	measure("index", func() error {
		facts = index.Build(built)
		return nil
	})
	unit := func() *boundary.Unit { // with an evaluator that knows nothing yet
		return &boundary.Unit{
			Program: built, Index: facts, Graph: graph, Eval: eval.New(built, facts, graph), Models: models, Protocols: protocols,
		}
	}
	measure("values", func() error {
		everyValue(unit())
		return nil
	})
	var found boundary.Findings
	for _, f := range finders {
		var with boundary.Findings
		measure("finder/"+f.Name, func() error {
			with = clipped(found)
			f.Find(b.Context(), unit(), &with)
			return nil
		})
		found = with
	}
	measure("clone", func() error {
		return everyClone(b, unit(), &found)
	})
	measure("summary", func() error { // with its clones
		given := clipped(found)
		_, err := summary.Build(b.Context(), unit(), &given, summary.Calls)
		return err
	})
}

// everyValue asks for the called value of each dynamic call in the sources under
// study.
func everyValue(u *boundary.Unit) {
	for _, f := range u.Program.Funcs {
		if !u.Program.User(f) {
			continue
		}
		for _, s := range u.Graph.Out(f) {
			if s.Rule != calls.Static {
				u.Eval.Brief().Answer(s.Instr.Common().Value, u.Eval.Root(f))
			}
		}
	}
}

// everyClone clones from main and from all that is served.
func everyClone(b *testing.B, u *boundary.Unit, found *boundary.Findings) error {
	b.Helper()
	cut := map[ssa.CallInstruction]bool{}
	for _, c := range found.Cuts {
		cut[c] = true
	}
	cloner := clone.New(u.Eval, u.Index, u.Graph, cut, clone.Requests{})
	cloner.Reach(cloner.Base(u.Main()))
	for _, arrival := range found.Arrivals {
		for _, h := range arrival.Handlers {
			cloner.Reach(cloner.Base(h.Fn))
		}
	}
	return cloner.Explore(b.Context())
}

// clipped is findings to which a finder can add.
func clipped(f boundary.Findings) boundary.Findings {
	return boundary.Findings{
		Departures: slices.Clone(f.Departures), Arrivals: slices.Clone(f.Arrivals), Links: slices.Clone(f.Links),
		Cuts: slices.Clone(f.Cuts), Commands: slices.Clone(f.Commands), Branches: slices.Clone(f.Branches),
		Asked: slices.Clone(f.Asked), Carried: slices.Clone(f.Carried),
	}
}

// BenchmarkRoute measures what is done for each command once its programs are known.
func BenchmarkRoute(b *testing.B) {
	a := openBench(b)
	q := Query{Program: *benchStart, Command: []string{*benchCommand}}
	_, err := a.Trace(b.Context(), q)
	ok(b, err)
	b.Run("stitch", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			st := &stitch.Stitcher{System: a.system, Programs: a.programs, Protocols: protocols}
			for _, p := range a.programs.all {
				exe := a.programs.done[p]
				if exe == nil {
					continue // the route does not lead there
				}
				for i := range exe.Departures {
					_, _, err := st.Join(b.Context(), exe, &exe.Departures[i])
					ok(b, err)
				}
			}
		}
	})
	b.Run("walk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := a.Trace(b.Context(), q)
			ok(b, err)
		}
	})
}

func openBench(b *testing.B) *Analyzer {
	b.Helper()
	sys, err := system.FromDirs([]string{*benchSource})
	ok(b, err)
	a, err := Open(b.Context(), sys, Options{})
	ok(b, err)
	return a
}

func ok(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
