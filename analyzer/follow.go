package analyzer

import (
	"context"
	"fmt"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/value"
	"github.com/callroute/callroute/analyzer/walk"
)

// ValueQuery is a value to follow.
type ValueQuery struct {
	Program string   // as in Query
	Command []string // its words
	Flag    string   // the flag that sets it, without dashes
	Arg     int      // in place of a flag: the argument of this number, from 1 on
}

// Value follows the value of a flag or an argument to the last writes.
func (a *Analyzer) Value(ctx context.Context, q ValueQuery) (*flow.Value, error) {
	defer a.programs.memory.close(ctx)
	entry, err := a.commandOf(ctx, q.Program, q.Command)
	if err != nil {
		return nil, err
	}
	return value.Follow(ctx, a.stitcher(), value.Query{Entry: entry, Flag: q.Flag, Arg: q.Arg})
}

// Flags is the names of the flags that a command is seen to have, sorted.
func (a *Analyzer) Flags(ctx context.Context, program string, command []string) ([]string, error) {
	defer a.programs.memory.close(ctx)
	entry, err := a.commandOf(ctx, program, command)
	if err != nil {
		return nil, err
	}
	return value.Flags(ctx, a.stitcher(), entry)
}

// commandOf is a command of a program, with summaries that tell where values go.
func (a *Analyzer) commandOf(ctx context.Context, program string, command []string) (walk.Entry, error) {
	a.withValues()
	p, err := a.program(program)
	if err != nil {
		return walk.Entry{}, err
	}
	exe, err := a.programs.Get(ctx, p)
	if err != nil {
		return walk.Entry{}, err
	}
	entry, _, err := findEntry(exe, command)
	if err == nil && entry.Arrival != nil {
		err = fmt.Errorf("%s is no command of %s: a request has no flags", entry.Arrival.Key, p)
	}
	return entry, err
}

// stitcher joins the programs of the system.
func (a *Analyzer) stitcher() *stitch.Stitcher {
	return &stitch.Stitcher{System: a.system, Programs: a.programs, Protocols: protocols}
}
