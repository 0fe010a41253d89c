package analyzer

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/observe"
	"github.com/callroute/callroute/analyzer/observe/coverage"
	"github.com/callroute/callroute/analyzer/observe/trial"
	"github.com/callroute/callroute/analyzer/system"
)

// Observe carries out the commands of a plan with programs of the system that note
// what they do. What the system file says of verifying holds where the plan says
// nothing.
func (a *Analyzer) Observe(ctx context.Context, p trial.Plan) (runs []*observe.Run, err error) {
	for _, s := range p.Steps {
		if s.Command == nil {
			continue
		}
		if _, err := a.program(filepath.Base(s.Command[0])); err != nil {
			return nil, err
		}
	}
	said := a.system.Verify
	if p.Programs, err = a.observed(said.Programs); err != nil {
		return nil, err
	}
	p.Setup, p.Teardown = cmp.Or(p.Setup, said.Setup), cmp.Or(p.Teardown, said.Teardown)
	if p.Unshare == nil {
		p.Unshare = said.Unshare
	}
	p.Flags = slices.Concat(said.Flags, p.Flags)
	p.Progress = a.programs.progress
	return trial.Run(ctx, p)
}

// observed is the programs of these names, all without any.
func (a *Analyzer) observed(names []string) ([]*system.Program, error) {
	if len(names) == 0 {
		return slices.DeleteFunc(slices.Clone(a.programs.all), (*system.Program).Auxiliary), nil
	}
	var all []*system.Program
	for _, name := range names {
		p, err := a.program(name)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// Compare traces the command of a run and lays what ran beside it.
func (a *Analyzer) Compare(ctx context.Context, q Query, run *observe.Run) (*flow.Flow, error) {
	defer a.programs.memory.close(ctx)
	if len(run.Command) == 0 {
		return nil, fmt.Errorf("the run has no command")
	}
	q.Program = filepath.Base(run.Command[0])
	q.Command = run.Command[1:]
	f, err := a.Trace(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(run.Command, " "), err)
	}
	var known []flow.Command
	for _, name := range a.seen(run) {
		commands, err := a.Commands(ctx, name)
		if err != nil {
			return nil, err
		}
		known = append(known, commands...)
	}
	f.Observed = coverage.Flow(f, run, known)
	return f, nil
}

// seen is the names of the programs that a run had.
func (a *Analyzer) seen(run *observe.Run) []string {
	var names []string
	for _, p := range a.programs.all {
		if slices.ContainsFunc(run.Processes, func(r observe.Process) bool { return r.Program == p.Package }) {
			names = append(names, p.String())
		}
	}
	return names
}
