package analyzer

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/access"
	"github.com/callroute/callroute/analyzer/backward"
	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/value"
	"github.com/callroute/callroute/analyzer/walk"
)

// IntoQuery is a place where values end.
type IntoQuery struct {
	Program string   // whose command, route or method is asked for; all that lead there if empty
	Command []string // its words
	Target  string   // a field, as access.Targets takes it, or the name of a file
}

// mostEntries is how many commands, requests and starts are followed.
const mostEntries = 60

// ValueInto is the flags, arguments, requests and constants that can end in a field or
// a file.
func (a *Analyzer) ValueInto(ctx context.Context, q IntoQuery) (*flow.Value, error) {
	defer a.programs.memory.close(ctx)
	a.withValues()
	x, err := a.backward(ctx)
	if err != nil {
		return nil, err
	}
	into, writers, err := a.destination(x, q.Target)
	if err != nil {
		return nil, err
	}
	var entries []walk.Entry
	var left int
	if q.Program != "" {
		entries, err = a.oneEntry(ctx, q)
	} else {
		entries, left, err = a.entriesTo(ctx, x, writers)
	}
	if err != nil {
		return nil, err
	}
	c := value.NewCollector(a.stitcher(), into)
	for _, e := range entries {
		if err := c.Add(ctx, e); err != nil {
			return nil, err
		}
	}
	v := c.Value()
	v.Program, v.Command, v.Into = q.Program, q.Command, q.Target
	for f := range into.Fields {
		v.Fields = append(v.Fields, access.Target(f).String())
	}
	slices.Sort(v.Fields)
	v.Sources = append(v.Sources, value.Constants(x.Executables(), into.Fields)...)
	if left > 0 {
		v.Gaps = append(v.Gaps, flow.ValueGap{Hop: -1, Reason: fmt.Sprintf("%d more commands, requests and starts lead there and are not followed; name one in front of --into", left)})
	}
	return v, nil
}

// destination is what a text means: fields, or a file that a call names; with the
// functions that write it.
func (a *Analyzer) destination(x *backward.Index, text string) (value.Into, []*summary.Func, error) {
	targets, err := access.Targets(x.Executables(), text)
	targets = slices.DeleteFunc(targets, func(t access.Target) bool { return t.Type == "" })
	if err == nil && len(targets) > 0 {
		into := value.Into{Fields: map[value.Field]bool{}}
		for _, t := range targets {
			into.Fields[value.Field(t)] = true
		}
		var writers []*summary.Func
		for _, s := range access.Find(x.Executables(), a.system.Models(), targets, access.Writes) {
			writers = append(writers, s.Exe.Func(s.Func))
		}
		return into, writers, nil
	}
	var writers []*summary.Func
	for _, exe := range x.Executables() {
		for id := range summary.ID(exe.NumFuncs()) {
			if b := exe.Body(id); b != nil && exe.Base(id) == id && mentions(b, text) {
				writers = append(writers, exe.Func(id))
			}
		}
	}
	switch {
	case len(writers) > 0:
		return value.Into{File: text}, writers, nil
	case err == nil:
		return value.Into{}, nil, fmt.Errorf("%q is a package variable; name a field, as pkg.Type.Field, or a file (callroute writers tells who sets a variable)", text)
	}
	return value.Into{}, nil, fmt.Errorf("%w; and no call names a file %q", err, text)
}

// mentions reports whether a call in a body is given the name of a file.
func mentions(b *dataflow.Body, file string) bool {
	return slices.ContainsFunc(b.Steps, func(s dataflow.Step) bool {
		return s.Op == dataflow.Call && slices.ContainsFunc(s.Texts, func(t string) bool {
			return t == file || strings.HasSuffix(t, "/"+strings.TrimPrefix(file, "/"))
		})
	})
}

func (a *Analyzer) oneEntry(ctx context.Context, q IntoQuery) ([]walk.Entry, error) {
	p, err := a.program(q.Program)
	if err != nil {
		return nil, err
	}
	exe, err := a.programs.Get(ctx, p)
	if err != nil {
		return nil, err
	}
	e, _, err := findEntry(exe, q.Command)
	if err != nil {
		return nil, err
	}
	return []walk.Entry{e}, nil
}

// entriesTo is the entries that lead to functions, and how many more there are.
func (a *Analyzer) entriesTo(ctx context.Context, x *backward.Index, functions []*summary.Func) (out []walk.Entry, left int, err error) {
	var names []string
	for _, f := range functions {
		names = append(names, "^"+regexp.QuoteMeta(f.Name)+"$")
	}
	slices.Sort(names)
	p, err := narrow.Parse(strings.Join(slices.Compact(names), "|"))
	if err != nil {
		return nil, 0, err
	}
	targets, err := x.Find(p)
	if err != nil {
		return nil, 0, nil //nolint:nilerr // only what initializes variables writes it
	}
	callers, err := x.Callers(ctx, targets)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range callers.Callers {
		if c.Idle || c.Exported {
			continue
		}
		exe := executable(x, c)
		if exe == nil {
			continue
		}
		e, _, err := findEntry(exe, c.Words)
		if err != nil || e.Command == nil && e.Arrival == nil {
			continue // a start is given nothing
		}
		if len(out) == mostEntries {
			left++
			continue
		}
		out = append(out, e)
	}
	return out, left, nil
}

// executable is the program that a caller is an entry of.
func executable(x *backward.Index, c flow.Caller) *summary.Executable {
	i := slices.IndexFunc(x.Executables(), func(exe *summary.Executable) bool {
		return exe.Program.Package == c.Package && exe.Program.String() == c.Program
	})
	if i < 0 {
		return nil
	}
	return x.Executables()[i]
}
