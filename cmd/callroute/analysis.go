package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/compare"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/observe"
	"github.com/callroute/callroute/analyzer/observe/trial"
	"github.com/callroute/callroute/analyzer/revision"
	"github.com/callroute/callroute/analyzer/rules"
	"github.com/callroute/callroute/analyzer/store"
	"github.com/callroute/callroute/analyzer/system"
)

// analysis answers the questions of the verbs. *analyzer.Analyzer does; tests
// have their own.
type analysis interface {
	Programs() []string
	// Auxiliary is those of them that are tests, examples or tools.
	Auxiliary() []string
	Trace(context.Context, analyzer.Query) (*flow.Flow, error)
	Endpoints(context.Context) (*flow.Endpoints, error)
	Value(context.Context, analyzer.ValueQuery) (*flow.Value, error)
	// Flags is the names of the flags that a command is seen to have.
	Flags(ctx context.Context, program string, command []string) ([]string, error)
	// ValueInto is what can end in a field or a file.
	ValueInto(context.Context, analyzer.IntoQuery) (*flow.Value, error)
	Writers(ctx context.Context, symbol string) (*flow.Accesses, error)
	Readers(ctx context.Context, symbol string) (*flow.Accesses, error)
	Touch(context.Context, analyzer.TouchQuery) (*flow.Touch, error)
	// Commands lists what can be traced in one program, or in all if program
	// is empty.
	Commands(ctx context.Context, program string) ([]flow.Command, error)
	Callers(context.Context, *narrow.Pattern) (*flow.Callers, error)
	Path(ctx context.Context, from, to *narrow.Pattern) (*flow.Path, error)
	// Impact is Callers of what a name, a place or a range of revisions means.
	Impact(ctx context.Context, what string) (*flow.Callers, error)
	// Code is the source of functions.
	Code(context.Context, *narrow.Pattern) ([]flow.Excerpt, error)
	// Observe carries out commands with programs that note what they do.
	Observe(ctx context.Context, plan trial.Plan) ([]*observe.Run, error)
	// Compare traces the command of a run and lays what ran beside it.
	Compare(ctx context.Context, q analyzer.Query, run *observe.Run) (*flow.Flow, error)
	// Index is what the store has of programs, all if none is named.
	Index(ctx context.Context, programs []string) ([]store.Entry, error)
	// Revision names the state of the sources.
	Revision() string
}

// openFunc finds the programs of some sources. It calls progress with what it
// is doing.
type openFunc func(ctx context.Context, s sources, progress func(string)) (analysis, error)

// openAnalyzer is the openFunc of the real program.
func openAnalyzer(ctx context.Context, s sources, progress func(string)) (analysis, error) {
	sys, err := readSystem(s)
	if err != nil {
		return nil, err
	}
	tuneCollector()
	return analyzer.Open(ctx, sys, analyzer.Options{Tags: s.tags, Progress: progress, Libraries: s.libraries, Store: s.store})
}

// tuneCollector trades memory for speed: analyzing allocates much that lives
// until the program is done. GOGC and GOMEMLIMIT, where set, stay in force.
func tuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(1400 << 20)
	}
}

// repositories is the source trees in some folders.
func repositories(dirs []string) []string { return system.Repositories(dirs) }

func readSystem(s sources) (*system.System, error) {
	if s.file != "" {
		return system.Read(s.file)
	}
	return system.FromDirs(s.dirs)
}

// readModels is what is known of libraries: what a system file says of them, and
// what comes with the analyzer.
func readModels(s sources) (*models.Set, error) {
	if s.file == "" {
		return models.Builtin(), nil
	}
	sys, err := system.Read(s.file)
	if err != nil {
		return nil, err
	}
	return sys.Models(), nil
}

// outline is what is compared of a route, nil for none.
type outline = *compare.Outline

func outlineOf(f *flow.Flow) (outline, error) { return compare.Of(f) }

// differ compares two routes of a command.
func differ(before, after outline) flow.CommandDiff { return compare.Outlines(before, after) }

// whole is a command that only one revision has.
func whole(r routed, change flow.Change) flow.CommandDiff {
	if r.outline == nil {
		return compare.Whole(new(compare.Outline), change)
	}
	return compare.Whole(r.outline, change)
}

// places is where in a repository the sources are.
type places struct {
	top  string
	file string   // the system file, relative to top; empty without one
	dirs []string // relative to top
}

// placesOf finds the repository that all sources are in, which has a revision.
func placesOf(ctx context.Context, s sources, rev string) (*places, error) {
	sys, err := readSystem(s)
	if err != nil {
		return nil, err
	}
	p := &places{}
	relative := func(name string) (string, error) {
		name, err := filepath.EvalSymlinks(name)
		if err != nil {
			return "", err
		}
		return filepath.Rel(p.top, name)
	}
	for _, src := range sys.Sources {
		top, err := revision.Top(ctx, src.Dir)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s is no folder, and no revision: %w", rev, err)
		case p.top != "" && p.top != top:
			return nil, fmt.Errorf("%s and %s are in two repositories; name two system files in place of a revision", sys.Sources[0].Given, src.Given)
		}
		p.top = top
		dir, err := relative(src.Dir)
		if err != nil {
			return nil, err
		}
		p.dirs = append(p.dirs, dir)
	}
	if sys.File != "" {
		if p.file, err = relative(sys.File); err != nil {
			return nil, err
		}
		if !filepath.IsLocal(p.file) {
			p.file = ""
		}
	}
	_, err = revision.Resolve(ctx, p.top, rev)
	if err != nil {
		return nil, fmt.Errorf("%s is no folder, and no revision: %w", rev, err)
	}
	return p, nil
}

// write writes the files of a revision into a folder.
func (p *places) write(ctx context.Context, rev, dir string) error {
	return revision.Write(ctx, p.top, rev, dir)
}

// checkRules says how rules are asked.
type checkRules = rules.Options

// readRules reads a file of rules.
func readRules(name string) (*rules.File, error) { return rules.Read(name) }
