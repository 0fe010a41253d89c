package analyzer

import (
	"context"
	"fmt"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/value"
)

// ValueQuery is a value to follow.
type ValueQuery struct {
	Program string   // as in Query
	Command []string // its words
	Flag    string   // the flag that sets it, without dashes
	Arg     int      // in place of a flag: the argument of this number, from 1 on
}

// Value follows the value of a flag to the last writes.
func (a *Analyzer) Value(ctx context.Context, q ValueQuery) (*flow.Value, error) {
	defer a.programs.memory.close(ctx)
	a.withValues()
	p, err := a.program(q.Program)
	if err != nil {
		return nil, err
	}
	exe, err := a.programs.Get(ctx, p)
	if err != nil {
		return nil, err
	}
	entry, _, err := findEntry(exe, q.Command)
	if err != nil {
		return nil, err
	}
	if entry.Arrival != nil {
		return nil, fmt.Errorf("%s is no command of %s: a request has no flags", entry.Arrival.Key, p)
	}
	st := &stitch.Stitcher{System: a.system, Programs: a.programs, Protocols: protocols}
	return value.Follow(ctx, st, value.Query{Entry: entry, Flag: q.Flag, Arg: q.Arg})
}
