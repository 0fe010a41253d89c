package analyzer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/backward"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/revision"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
	"github.com/callroute/callroute/analyzer/walk"
)

// Callers is every command, request, RPC method, task and start of a program that
// leads to the functions which a pattern names, each with a shortest way. It
// analyzes every program that is not a test, an example or a tool of the tree.
func (a *Analyzer) Callers(ctx context.Context, p *narrow.Pattern) (*flow.Callers, error) {
	defer a.programs.memory.close(ctx)
	x, err := a.backward(ctx)
	if err != nil {
		return nil, err
	}
	targets, err := x.Find(p)
	if err != nil {
		return nil, err
	}
	out, err := x.Callers(ctx, targets)
	if err == nil {
		out.Query = p.String()
	}
	return out, err
}

// Impact is Callers of what a text names: functions, a place, or, in a range of git
// revisions as revision.Changed takes it, what changed; with what stands on the
// other sides of their crossings.
func (a *Analyzer) Impact(ctx context.Context, what string) (*flow.Callers, error) {
	defer a.programs.memory.close(ctx)
	var changes []backward.Change
	var notes []string
	var p *narrow.Pattern
	var err error
	if revision.IsRange(what) {
		changes, notes, err = a.changes(ctx, what)
	} else {
		p, err = narrow.Parse(what)
	}
	if err != nil {
		return nil, err
	}
	x, err := a.backward(ctx)
	if err != nil {
		return nil, err
	}
	var targets *backward.Targets
	var elsewhere []flow.Site
	if p == nil {
		targets, elsewhere = x.Changed(changes)
	} else if targets, err = x.Find(p); err != nil {
		return nil, err
	}
	out, err := x.Callers(ctx, targets)
	if err != nil {
		return nil, err
	}
	out.Query, out.Elsewhere, out.Peers = what, elsewhere, x.Crossings(targets)
	out.Dropped.Notes = append(out.Dropped.Notes, notes...)
	return out, nil
}

// changes is what changed in the sources whose repository knows the revisions, and
// why the others do not count.
func (a *Analyzer) changes(ctx context.Context, revisions string) (out []backward.Change, notes []string, err error) {
	answered := false
	for _, src := range a.system.Sources {
		lines, failed := revision.Changed(ctx, src.Dir, revisions)
		if failed != nil {
			err = cmp.Or(err, failed)
			notes = append(notes, fmt.Sprintf("no change counts in %s: %v", src.Given, failed))
			continue
		}
		answered = true
		for _, l := range lines {
			out = append(out, backward.Change{Source: src, File: l.File, First: l.First, Last: l.Last, Removed: l.Removed})
		}
	}
	if !answered {
		return nil, nil, err
	}
	return out, notes, nil
}

// Path is the shortest way from a function, or from a command with its program in
// front of it, to another function.
func (a *Analyzer) Path(ctx context.Context, from, to *narrow.Pattern) (*flow.Path, error) {
	defer a.programs.memory.close(ctx)
	x, err := a.backward(ctx)
	if err != nil {
		return nil, err
	}
	ends, err := x.Find(to)
	if err != nil {
		return nil, err
	}
	var way *flow.Caller
	if e := a.entryOf(ctx, from.String()); e != nil {
		way, err = x.From(ctx, *e, ends)
	} else {
		begins, failed := x.Find(from)
		if failed != nil {
			return nil, failed
		}
		way, err = x.Path(ctx, begins, ends)
	}
	switch {
	case err != nil:
		return nil, err
	case way == nil:
		return nil, fmt.Errorf("no way leads from %q to %q", from, to)
	}
	return &flow.Path{Schema: flow.PathSchema, From: from.String(), To: to.String(), Programs: x.Programs(), Caller: *way}, nil
}

// entryOf is the entry that a text names with its program in front, nil for none.
func (a *Analyzer) entryOf(ctx context.Context, text string) *walk.Entry {
	words := strings.Fields(text)
	if len(words) < 2 {
		return nil
	}
	p, err := a.program(words[0])
	if err != nil {
		return nil
	}
	exe, err := a.programs.Get(ctx, p)
	if err != nil {
		return nil
	}
	e, _, err := findEntry(exe, words[1:])
	if err != nil {
		return nil
	}
	return &e
}

// backward is the calls of the system by what they reach. They are indexed once.
func (a *Analyzer) backward(ctx context.Context) (*backward.Index, error) {
	if a.index != nil {
		return a.index, nil
	}
	var exes []*summary.Executable
	for _, p := range slices.DeleteFunc(slices.Clone(a.programs.all), (*system.Program).Auxiliary) {
		exe, err := a.programs.Get(ctx, p)
		if err != nil {
			return nil, err
		}
		exes = append(exes, exe)
	}
	st := &stitch.Stitcher{System: a.system, Programs: a.programs, Protocols: protocols}
	x, err := backward.Build(ctx, st, exes)
	if err != nil {
		return nil, err
	}
	a.index = x
	return x, nil
}
