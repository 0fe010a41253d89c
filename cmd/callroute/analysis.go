package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/narrow"
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
	// Commands lists what can be traced in one program, or in all if program
	// is empty.
	Commands(ctx context.Context, program string) ([]flow.Command, error)
	Callers(context.Context, *narrow.Pattern) (*flow.Callers, error)
	Path(ctx context.Context, from, to *narrow.Pattern) (*flow.Path, error)
	// Impact is Callers of what a name, a place or a range of revisions means.
	Impact(ctx context.Context, what string) (*flow.Callers, error)
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
	return analyzer.Open(ctx, sys, analyzer.Options{Tags: s.tags, Progress: progress})
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
