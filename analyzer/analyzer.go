// Package analyzer answers what happens, from a command to the last file
// written, in every process on the way.
//
// The stages, in the order in which data passes through them:
//
//	models    what libraries do, as data
//	system    which sources and programs are studied
//	revision  what changed in a source, and what it was
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
//	narrow    keeps of a flow what is asked for
//	walk      follows the command and chooses the spine
//	backward  what reaches a function
//	compare   how a route changed
//	rules     what must be so of routes
//	flow      the result
package analyzer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/callroute/callroute/analyzer/backward"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/load"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/store"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
	"github.com/callroute/callroute/analyzer/walk"
)

// Options says how to analyze. The zero value analyzes what `go build` would
// build.
type Options struct {
	Tags     string       // build tags, as in go build -tags
	Progress func(string) // told about each long step, if set
	// Libraries takes sources that build no command for one program each, which is
	// entered at its exported functions.
	Libraries bool

	Store *store.Store // where results are kept from one run to the next; nil for nowhere
}

// Analyzer answers questions about one system. Programs are analyzed when a
// question needs them, each once.
type Analyzer struct {
	system   *system.System
	programs *programs
	index    *backward.Index // once something was asked backward
}

// Query is a command to trace.
type Query struct {
	Program string   // name, import path or folder of the program, see system.Find
	Command []string // its words, with arguments; or a route, "POST /x"; or "/service/Method"

	narrow.View
}

// Open finds the programs of sys. It loads none of them yet.
func Open(ctx context.Context, sys *system.System, o Options) (*Analyzer, error) {
	p := &programs{system: sys, progress: o.Progress, done: map[*system.Program]*summary.Executable{}}
	p.loader = load.New(load.Options{Tags: o.Tags, Progress: p.say, Models: sync.OnceValue(sys.Models), Servers: protocols.Servers()})
	p.memory = remember(ctx, o.Store, sys, p.loader, o.Tags)
	for _, src := range sys.Sources {
		mains, err := p.loader.Mains(ctx, src)
		if err != nil {
			return nil, err
		}
		p.all = append(p.all, mains...)
		p.skipped = append(p.skipped, p.loader.Skipped(src)...)
	}
	if len(p.all) == 0 && o.Libraries {
		for _, src := range sys.Sources {
			libraries, err := p.loader.Libraries(src)
			if err != nil {
				return nil, err
			}
			p.all = append(p.all, libraries...)
		}
	}
	if len(p.all) == 0 {
		return nil, noPrograms(sys, p.skipped)
	}
	system.Label(p.all)
	slices.SortStableFunc(p.all, func(a, b *system.Program) int {
		return strings.Compare(a.String()+"\x00"+a.Package, b.String()+"\x00"+b.Package)
	})
	return &Analyzer{system: sys, programs: p}, nil
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
	defer a.programs.memory.close(ctx)
	p, err := a.program(q.Program)
	if err != nil {
		return nil, err
	}
	exe, err := a.programs.Get(ctx, p)
	if err != nil {
		return nil, err
	}
	entry, args, err := findEntry(exe, q.Command)
	if err != nil {
		return nil, err
	}
	st := &stitch.Stitcher{System: a.system, Programs: a.programs, Protocols: protocols}
	entry.Notes = a.programs.memory.notesOf()
	f, err := walk.Walk(ctx, st, entry, q.View)
	if err == nil && f.Root == 0 && q.Focus == nil && q.Ignore == nil && q.Show == nil && q.Hide == nil {
		return nil, cannotFollow(p, q.Command, f.Dropped)
	}
	if err != nil {
		return nil, err
	}
	f.Args, f.Flags = args, entry.Line.Given
	return f, nil
}

// program finds the program that a person names.
func (a *Analyzer) program(name string) (*system.Program, error) {
	found := a.system.Find(name, a.programs.all)
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
	var all []string
	for _, p := range found {
		all = append(all, fmt.Sprintf("%s (%s)", p, p.Package))
	}
	return nil, fmt.Errorf("%d programs are called %q: %s; name one by its folder or import path", len(found), name, strings.Join(all, ", "))
}

// Programs is the names of all programs, sorted.
func (a *Analyzer) Programs() []string {
	var names []string
	for _, p := range a.programs.all {
		names = append(names, p.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Auxiliary is the names of those programs that are tests, examples or tools of
// their tree. Questions about all programs leave them out.
func (a *Analyzer) Auxiliary() []string {
	var names []string
	for _, p := range a.programs.all {
		if p.Auxiliary() {
			names = append(names, p.String())
		}
	}
	return names
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
