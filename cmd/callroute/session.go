package main

import (
	"context"
	"hash/fnv"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/webui"
)

// session keeps a system that was analyzed, for one question after the other. The
// progress that the analyzer reports goes to whoever is asking.
type session struct {
	app     *app
	sources sources

	turn sync.Mutex // held by the question that is being answered
	an   analysis
	// roots is the folder of each source tree by the name that traces have for it.
	roots   map[string]string
	stamp   uint64 // of the files when the system was opened
	stamped time.Time

	mu  sync.Mutex
	say func(string)
}

// open finds the programs.
func (s *session) open(ctx context.Context) (err error) {
	own := *s.app
	own.open = func(ctx context.Context, from sources, _ func(string)) (analysis, error) {
		if s.roots, err = sourceRoots(from); err != nil {
			return nil, err
		}
		s.stamp, s.stamped = stampOf(s.roots), time.Now()
		return s.app.open(ctx, from, s.progress)
	}
	s.an, err = own.analysis(ctx, s.sources)
	return err
}

// between is the time in which files are taken not to change again.
const between = time.Second

// renew opens the system again if one of its files changed.
func (s *session) renew(ctx context.Context) error {
	if time.Since(s.stamped) < between {
		return nil
	}
	s.stamped = time.Now()
	if stampOf(s.roots) == s.stamp {
		return nil
	}
	return s.open(ctx)
}

// stampOf is another number when a file that is analyzed changed, as its time and
// size tell.
func stampOf(roots map[string]string) uint64 {
	var sum uint64
	for _, dir := range roots {
		// A folder that cannot be read has no files.
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			name := ""
			if err == nil {
				name = d.Name()
			}
			switch {
			case err != nil:
				return nil //nolint:nilerr // what is gone is another stamp already
			case d.IsDir() && path != dir && (strings.HasPrefix(name, ".") || name == "node_modules"):
				return filepath.SkipDir
			case !strings.HasSuffix(name, ".go") && !strings.HasPrefix(name, "go.") && name != systemFile:
				return nil
			}
			if info, err := d.Info(); err == nil {
				h := fnv.New64a()
				h.Write([]byte(path + "\x00" + info.ModTime().String()))
				sum += h.Sum64() + uint64(info.Size()) // in any order
			}
			return nil
		})
	}
	return sum
}

// progress passes on what the analyzer does.
func (s *session) progress(what string) {
	s.mu.Lock()
	say := s.say
	s.mu.Unlock()
	if say == nil {
		say = s.app.progress.say
	}
	say(what)
}

// asking waits for the turn of a question, and returns what ends it.
func (s *session) asking(progress func(string)) func() {
	s.turn.Lock()
	s.tell(progress)
	return func() {
		s.tell(nil)
		s.turn.Unlock()
	}
}

func (s *session) tell(say func(string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say = say
}

// Programs implements webui.Source.
func (s *session) Programs() []string { return s.an.Programs() }

// Commands implements webui.Source.
func (s *session) Commands(ctx context.Context, program string, progress func(string)) ([]flow.Command, error) {
	defer s.asking(progress)()
	return s.an.Commands(ctx, program)
}

// Auxiliary implements webui.Source.
func (s *session) Auxiliary() []string { return s.an.Auxiliary() }

// Endpoints implements webui.Source.
func (s *session) Endpoints(ctx context.Context, progress func(string)) (*flow.Endpoints, error) {
	defer s.asking(progress)()
	return s.an.Endpoints(ctx)
}

// Trace implements webui.Source.
func (s *session) Trace(ctx context.Context, program string, command []string, progress func(string)) (*flow.Flow, error) {
	defer s.asking(progress)()
	return s.an.Trace(ctx, analyzer.Query{Program: program, Command: command, View: narrow.View{Code: true}})
}

// Flags implements webui.Values.
func (s *session) Flags(ctx context.Context, program string, command []string, progress func(string)) ([]string, error) {
	defer s.asking(progress)()
	return s.an.Flags(ctx, program, command)
}

// Value implements webui.Values.
func (s *session) Value(ctx context.Context, q webui.ValueQuestion, progress func(string)) (*flow.Value, error) {
	defer s.asking(progress)()
	if q.Into != "" {
		return s.an.ValueInto(ctx, analyzer.IntoQuery{Program: q.Program, Command: q.Command, Target: q.Into})
	}
	return s.an.Value(ctx, analyzer.ValueQuery{Program: q.Program, Command: q.Command, Flag: q.Flag, Arg: q.Arg})
}

// Accesses implements webui.Values.
func (s *session) Accesses(ctx context.Context, verb, symbol string, progress func(string)) (*flow.Accesses, error) {
	defer s.asking(progress)()
	if verb == "readers" {
		return s.an.Readers(ctx, symbol)
	}
	return s.an.Writers(ctx, symbol)
}
