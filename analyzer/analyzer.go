// Package analyzer answers what happens, from a command to the last file
// written, in every process on the way.
//
// The stages, in the order in which data passes through them:
//
//	system    which sources and programs are studied
//	golist    its main packages, and the files that each is made of
//	load      type-checked source of one of them
//	program   its SSA
//	index     where fields, variables and calls are
//	calls     its call graph
//	provenance  who made the value that an interface method is called on
//	eval      what a value can be, in a calling context
//	boundary  where control leaves and arrives; one package per protocol
//	summary   the program as plain data; the SSA is dropped
//	stitch    joins departures to arrivals
//	source    the conditions of a call, and the lines that matter
//	walk      follows the command and chooses the spine
//	flow      the result
package analyzer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/load"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
	"github.com/callroute/callroute/analyzer/walk"
)

// Options says how to analyze. The zero value analyzes what `go build` would
// build.
type Options struct {
	Tags     string       // build tags, as in go build -tags
	Progress func(string) // told about each long step, if set
}

// Analyzer answers questions about one system. Programs are analyzed when a
// question needs them, each once.
type Analyzer struct {
	system   *system.System
	programs *programs
}

// Query is a command to trace.
type Query struct {
	Program string   // name of the program, or its import path
	Command []string // its words; or a route, "POST /x"; or "/service/Method"

	To, Focus, Ignore, Show, Hide *regexp.Regexp // see walk.View
	Depth                         int
	Code                          bool
}

// Open finds the programs of sys. It loads none of them yet.
func Open(ctx context.Context, sys *system.System, o Options) (*Analyzer, error) {
	loader := load.New(load.Options{Tags: o.Tags, Progress: o.Progress})
	p := &programs{system: sys, loader: loader, progress: o.Progress, done: map[*system.Program]*summary.Executable{}}
	for _, src := range sys.Sources {
		mains, err := loader.Mains(ctx, src)
		if err != nil {
			return nil, err
		}
		p.all = append(p.all, mains...)
		p.skipped = append(p.skipped, loader.Skipped(src)...)
	}
	if len(p.all) == 0 {
		return nil, noPrograms(sys, p.skipped)
	}
	slices.SortStableFunc(p.all, func(a, b *system.Program) int {
		return strings.Compare(a.Name+"\x00"+a.Package, b.Name+"\x00"+b.Package)
	})
	return &Analyzer{sys, p}, nil
}

// noPrograms says why there is nothing to study.
func noPrograms(sys *system.System, skipped []golist.Skipped) error {
	if len(skipped) > 0 {
		return errors.New(skipped[0].Why)
	}
	var dirs []string
	for _, src := range sys.Sources {
		dirs = append(dirs, src.Given)
	}
	return fmt.Errorf("%s: no main package, only libraries; give a source that builds a command, too", strings.Join(dirs, ", "))
}

// Trace follows one command.
func (a *Analyzer) Trace(ctx context.Context, q Query) (*flow.Flow, error) {
	p, err := a.program(q.Program)
	if err != nil {
		return nil, err
	}
	exe, err := a.programs.Get(ctx, p)
	if err != nil {
		return nil, err
	}
	entry, err := findEntry(exe, q.Command)
	if err != nil {
		return nil, err
	}
	st := &stitch.Stitcher{System: a.system, Programs: a.programs}
	return walk.Walk(ctx, st, entry, walk.View{To: q.To, Focus: q.Focus, Ignore: q.Ignore, Show: q.Show, Hide: q.Hide, Depth: q.Depth, Code: q.Code})
}

// program finds a program by name or by import path, and if none has the name, by
// that of its folder.
func (a *Analyzer) program(name string) (*system.Program, error) {
	var found, inFolder []*system.Program
	for _, p := range a.programs.all {
		switch {
		case p.Name == name || p.Package == name:
			found = append(found, p)
		case filepath.Base(p.Dir) == name:
			inFolder = append(inFolder, p)
		}
	}
	if len(found) == 0 {
		found = inFolder
	}
	if main := slices.DeleteFunc(slices.Clone(found), (*system.Program).Auxiliary); len(main) > 0 {
		found = main
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		for _, s := range a.programs.skipped {
			if filepath.Base(s.Dir) == name {
				return nil, errors.New(s.Why)
			}
		}
		return nil, fmt.Errorf("no program %q%s", name, nearest(name, a.Programs()))
	}
	var paths []string
	for _, p := range found {
		paths = append(paths, p.Package)
	}
	return nil, fmt.Errorf("%d programs are called %q; name one by its import path: %s", len(found), name, strings.Join(paths, ", "))
}

// Programs is the names of all programs, sorted.
func (a *Analyzer) Programs() []string {
	var names []string
	for _, p := range a.programs.all {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nearest is ` (did you mean "x"?)`, or a list of what there is.
func nearest(name string, names []string) string {
	if near := system.Nearest(name, names); len(near) > 0 {
		return fmt.Sprintf("; did you mean %s?", strings.Join(near, ", "))
	}
	if len(names) == 0 {
		return ""
	}
	const most = 12
	more := ""
	if len(names) > most {
		names, more = names[:most], ", …"
	}
	return "; there are " + strings.Join(names, ", ") + more
}
