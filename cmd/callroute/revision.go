package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
)

// side is one of two revisions of a system.
type side struct {
	name    string
	trace   *flow.Flow // a saved one; else …
	sources sources
	remove  func() // of what was written for it, also when it was never opened
}

// compared is the routes of two revisions, one beside the other.
func (a *app) compared(ctx context.Context, o *diffOptions) (*flow.Diff, error) {
	older, err := a.side(ctx, o.old, o.sources)
	if err != nil {
		return nil, err
	}
	defer older.remove()
	younger, err := a.side(ctx, o.new, o.sources)
	if err != nil {
		return nil, err
	}
	defer younger.remove()
	if (older.trace != nil || younger.trace != nil) && o.query.query.Program == "" {
		f := older.trace
		if f == nil {
			f = younger.trace
		}
		o.query.query.Program, o.query.query.Command = f.Program, f.Command
	}
	before, err := a.routes(ctx, older, o.query.query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", older.name, err)
	}
	after, err := a.routes(ctx, younger, o.query.query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", younger.name, err)
	}
	d := compareRoutes(before, after)
	d.Old, d.New = older.name, younger.name
	if len(before) == 1 && len(after) == 1 && before[0].failed != "" && after[0].failed != "" {
		return nil, errors.New(after[0].failed)
	}
	return d, nil
}

// side finds what a name means: a saved trace, a system file, a folder, a revision.
func (a *app) side(ctx context.Context, name string, s sources) (*side, error) {
	out := &side{name: name, remove: func() {}}
	info, err := os.Stat(name)
	switch {
	case err != nil && strings.HasSuffix(name, ".json"):
		return nil, fmt.Errorf("cannot read the trace: %w", err)
	case err != nil:
		return a.checkedOut(ctx, name, s)
	case info.IsDir():
		out.sources = sources{dirs: []string{name}, tags: s.tags}
		if file := filepath.Join(name, systemFile); len(s.dirs) == 0 && exists(file) {
			out.sources = sources{file: file, tags: s.tags}
		}
		if filepath.Clean(name) == "." && (len(s.dirs) > 0 || s.file != "") {
			out.sources = s // what lies here, as the flags say
		}
		return out, nil
	case strings.HasSuffix(name, ".json"):
		out.trace, err = readTrace(name)
		return out, err
	case strings.HasSuffix(name, ".yaml"), strings.HasSuffix(name, ".yml"):
		out.sources = sources{file: name, tags: s.tags}
		return out, nil
	}
	return nil, fmt.Errorf("%s is no folder, no system file (.yaml) and no trace (.json)", name)
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }

// checkedOut writes the sources as they were at a revision into a temporary folder,
// which is removed when it was used, and when ctx ends.
func (a *app) checkedOut(ctx context.Context, rev string, s sources) (*side, error) {
	if err := s.complete(); err != nil {
		return nil, err
	}
	places, err := placesOf(ctx, s, rev)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "callroute-diff-")
	if err != nil {
		return nil, err
	}
	remove := sync.OnceFunc(func() { os.RemoveAll(dir) })
	stop := context.AfterFunc(ctx, remove)
	out := &side{name: rev, remove: func() { stop(); remove() }}
	a.progress.say("reading " + rev)
	if err := places.write(ctx, rev, dir); err != nil {
		out.remove()
		return nil, err
	}
	out.sources = sources{tags: s.tags}
	if file := filepath.Join(dir, places.file); places.file != "" && exists(file) {
		out.sources.file = file
		return out, nil
	}
	for _, d := range places.dirs {
		out.sources.dirs = append(out.sources.dirs, filepath.Join(dir, d))
	}
	return out, nil
}

// routed is the route of a command in one revision.
type routed struct {
	flow.Command
	outline outline
	failed  string // why there is none
}

// routes is the route that is asked for, or those of all commands.
func (a *app) routes(ctx context.Context, s *side, q analyzer.Query) ([]routed, error) {
	asked := flow.Command{Program: q.Program, Words: q.Command, Kind: flow.Registration}
	if s.trace != nil {
		o, err := outlineOf(s.trace)
		return []routed{{Command: asked, outline: o}}, err
	}
	an, err := a.analysis(ctx, s.sources)
	if err != nil {
		return nil, err
	}
	commands := []flow.Command{asked}
	if q.Program == "" {
		if commands, err = an.Commands(ctx, ""); err != nil {
			return nil, err
		}
	}
	var out []routed
	for i, c := range commands {
		if len(commands) > 1 {
			a.progress.say(fmt.Sprintf("%s: %d of %d: %s %s", s.name, i+1, len(commands), c.Program, strings.Join(c.Words, " ")))
		}
		r := routed{Command: c}
		f, err := an.Trace(ctx, analyzer.Query{Program: c.Program, Command: c.Words})
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			r.failed = err.Error()
		default:
			if r.outline, err = outlineOf(f); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// compareRoutes compares what two revisions have under the same words.
func compareRoutes(before, after []routed) *flow.Diff {
	d := &flow.Diff{Schema: flow.DiffSchema, Commands: []flow.CommandDiff{}}
	same := func(a, b routed) bool {
		return a.Program == b.Program && a.Kind == b.Kind && slices.Equal(a.Words, b.Words)
	}
	add := func(r routed, c flow.CommandDiff) {
		if c.Change == flow.Same {
			d.Same++
			return
		}
		c.Program, c.Words = r.Program, append([]string{}, r.Words...)
		d.Commands = append(d.Commands, c)
	}
	for _, b := range after {
		if i := slices.IndexFunc(before, func(a routed) bool { return same(a, b) }); i >= 0 {
			add(b, compareOne(before[i], b))
		} else {
			add(b, whole(b, flow.Added))
		}
	}
	for _, a := range before {
		if !slices.ContainsFunc(after, func(b routed) bool { return same(a, b) }) {
			add(a, whole(a, flow.Removed))
		}
	}
	return d
}

// compareOne compares a command of both, of which one may have no route.
func compareOne(a, b routed) flow.CommandDiff {
	var d flow.CommandDiff
	switch {
	case a.outline != nil && b.outline != nil:
		return differ(a.outline, b.outline)
	case b.outline != nil:
		d = whole(b, flow.Added)
	case a.outline != nil:
		d = whole(a, flow.Removed)
	default:
		return flow.CommandDiff{Change: flow.Same}
	}
	d.Failed = map[string]string{}
	if a.failed != "" {
		d.Failed["old"] = a.failed
	}
	if b.failed != "" {
		d.Failed["new"] = b.failed
	}
	return d
}
