package analyzer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/load"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// programs analyzes the programs of a system when they are asked for. It
// implements stitch.Programs.
type programs struct {
	system   *system.System
	loader   *load.Loader
	memory   *memory
	progress func(string)
	all      []*system.Program
	skipped  []golist.Skipped // main packages that are not in all
	done     map[*system.Program]*summary.Executable
	share    float64 // of the work on the next program that is done
	detail   summary.Detail
}

// All implements stitch.Programs.
func (p *programs) All() []*system.Program { return p.all }

// Get implements stitch.Programs.
func (p *programs) Get(ctx context.Context, prog *system.Program) (*summary.Executable, error) {
	if exe := p.done[prog]; exe != nil && (p.detail == summary.Calls || exe.HasBodies()) {
		return exe, nil
	}
	exe, err := p.recallOrAnalyze(ctx, prog)
	if err != nil {
		return nil, err
	}
	p.done[prog] = exe
	return exe, nil
}

// recallOrAnalyze takes a summary from the store, or keeps the one that it makes.
func (p *programs) recallOrAnalyze(ctx context.Context, prog *system.Program) (*summary.Executable, error) {
	if exe := p.memory.recall(ctx, prog, p.detail); exe != nil {
		return exe, nil
	}
	return p.memory.keep(ctx, prog, p.detail, func() (*summary.Executable, error) { return p.analyze(ctx, prog) })
}

// say tells what is being done, for how many programs it has been done, and how
// much of all that is.
func (p *programs) say(what string) {
	if p.progress == nil {
		return
	}
	most := len(slices.DeleteFunc(slices.Clone(p.all), (*system.Program).Auxiliary))
	if done := len(p.done); done < most {
		what = fmt.Sprintf("%d%%, program %d of at most %d: %s", int(100*(float64(done)+p.share)/float64(most)), done+1, most, what)
	}
	p.progress(what)
}

// Shares of the work on a program that are done when a stage begins.
const (
	callsShare   = 0.4
	findersShare = 0.6
	summaryShare = 0.95
)

// analyze takes one program through the stages.
func (p *programs) analyze(ctx context.Context, prog *system.Program) (*summary.Executable, error) {
	p.share = 0
	defer func() { p.share = 0 }()
	loaded, err := p.loader.Load(ctx, prog, p.system)
	if err != nil {
		return nil, err
	}
	built, err := program.Build(ctx, loaded)
	if err != nil {
		return nil, err
	}
	if built.Main == nil && !prog.Library {
		return nil, fmt.Errorf("%s: the main package could not be built", prog.Package)
	}
	p.share = callsShare
	p.say(fmt.Sprintf("following calls in %d functions of %s", len(built.Funcs), prog))
	graph, err := calls.Build(ctx, built)
	if err != nil {
		return nil, err
	}
	if graph.Note != "" {
		loaded.Dropped.Notes = append(loaded.Dropped.Notes, graph.Note)
	}
	facts := index.Build(built)
	values := eval.New(built, facts, graph)
	values.Reads, values.Writes = p.system.Models().Reads, p.system.Models().Writes
	unit := &boundary.Unit{Program: built, Index: facts, Graph: graph, Eval: values, Models: p.system.Models(), Protocols: protocols}
	var found boundary.Findings
	for i, f := range finders {
		p.share = findersShare + (summaryShare-findersShare)*float64(i)/float64(len(finders))
		p.say(fmt.Sprintf("looking for what enters and leaves %s, %d of %d kinds", prog, i+1, len(finders)))
		f.Find(ctx, unit, &found)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	p.share = summaryShare
	p.say(fmt.Sprintf("summing up %s", prog))
	exe, err := summary.Build(ctx, unit, &found, p.detail)
	if err != nil {
		return nil, err
	}
	exe.CommandLine = commandLine(unit)
	return exe, nil
}

// commandLine is the library that reads the command line of a program: one that
// a model describes as such, else one that is given os.Args.
func commandLine(u *boundary.Unit) summary.CommandLine {
	var found, guess summary.CommandLine
	for _, f := range u.Program.Funcs {
		if !u.Program.User(f) {
			continue
		}
		for _, s := range u.Graph.Out(f) {
			for _, callee := range s.Callees {
				path := program.PkgPath(callee)
				if u.Program.User(callee) || u.Program.Std(callee) || path == "" {
					continue
				}
				m := u.Models.Of(path)
				switch {
				case m != nil && m.Kind == models.CommandLine && (found.Library == "" || len(m.Commands) > 0):
					found = summary.CommandLine{Library: path, Known: true, Missing: missing(m)}
				case m == nil && guess.Library == "" && readsArguments(s.Instr):
					guess.Library = path
				}
			}
		}
	}
	if found.Library == "" {
		return guess
	}
	return found
}

// missing is what a model does not say, where it says nothing.
func missing(m *models.Model) string {
	if m.Support == models.Not {
		return m.Why
	}
	return ""
}

// readsArguments reports whether a call is given os.Args or a part of it.
func readsArguments(call ssa.CallInstruction) bool {
	return slices.ContainsFunc(call.Common().Args, func(v ssa.Value) bool {
		if s, ok := v.(*ssa.Slice); ok {
			v = s.X
		}
		load, ok := v.(*ssa.UnOp)
		if !ok {
			return false
		}
		g, ok := load.X.(*ssa.Global)
		return ok && g.Name() == "Args" && g.Pkg.Pkg.Path() == "os"
	})
}

// Serves implements stitch.Programs.
func (p *programs) Serves(ctx context.Context, prog *system.Program, kind flow.Kind, path string) bool {
	if exe := p.done[prog]; exe != nil {
		return slices.ContainsFunc(exe.Arrivals, func(a summary.Arrival) bool { return a.Kind == kind }) ||
			slices.ContainsFunc(exe.Departures, func(d summary.Departure) bool { return d.Serves == kind })
	}
	if prog.Auxiliary() {
		return false
	}
	if !p.memory.mayServe(ctx, prog, kind) {
		return false
	}
	return !p.Many() || kind != flow.HTTP || path == "" || len(golist.Words(path)) > 0 && p.memory.mentions(ctx, prog, path)
}

// Links implements stitch.Programs.
func (p *programs) Links(ctx context.Context, prog *system.Program, file string) bool {
	return p.memory.links(ctx, prog, file)
}

// manyPrograms is more than a client and the daemons behind it. Of so many not
// every one is analyzed for every request.
const manyPrograms = 16

// Many implements stitch.Programs.
func (p *programs) Many() bool { return len(p.all) > manyPrograms }

// Commands is what can be traced: of one program, or of all when name is
// empty.
func (a *Analyzer) Commands(ctx context.Context, name string) ([]flow.Command, error) {
	defer a.programs.memory.close(ctx)
	var chosen []*system.Program
	if name != "" {
		p, err := a.program(name)
		if err != nil {
			return nil, err
		}
		chosen = []*system.Program{p}
	} else {
		chosen = slices.DeleteFunc(slices.Clone(a.programs.all), (*system.Program).Auxiliary)
	}
	out := []flow.Command{}
	for _, p := range chosen {
		exe, err := a.programs.Get(ctx, p)
		if err != nil {
			return nil, err
		}
		out = append(out, commandsOf(exe)...)
	}
	return out, nil
}

func commandsOf(exe *summary.Executable) []flow.Command {
	var comments comments
	var out []flow.Command
	for _, c := range exe.Commands {
		if c.Argv0 {
			continue
		}
		f := exe.Func(c.Run[0].Func)
		out = append(out, flow.Command{
			Program: exe.Program.String(), Package: exe.Program.Package, Kind: flow.Registration, Words: append([]string{}, c.Words...), Aliases: c.Aliases, Says: cmp.Or(c.Says, comments.sentence(exe.Program.Source.Dir, f)), Hidden: c.Hidden,
			Func: f.Name, Site: flow.Site{File: c.File, Line: c.Line},
		})
	}
	for _, ar := range exe.Arrivals {
		if !ar.Kind.Process() {
			continue
		}
		f := exe.Func(ar.Handlers[0].Func)
		out = append(out, flow.Command{
			Program: exe.Program.String(), Package: exe.Program.Package, Kind: ar.Kind, Words: strings.Fields(ar.Key.String()),
			Says: comments.sentence(exe.Program.Source.Dir, f), Func: f.Name, Site: flow.Site{File: f.File, Line: f.Line},
		})
	}
	slices.SortStableFunc(out, func(x, y flow.Command) int {
		return cmp.Or(flow.CompareKinds(x.Kind, y.Kind), slices.Compare(x.Words, y.Words))
	})
	return out
}
