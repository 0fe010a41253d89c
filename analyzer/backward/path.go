package backward

import (
	"context"
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/walk"
)

// Path is the shortest way from one of some functions to one of others that some
// entry takes: the caller in the answer, of which only this part is given. Where
// no entry comes to the first, it is the way that a caller of it would take.
func (x *Index) Path(ctx context.Context, from, to *Targets) (*flow.Caller, error) {
	begins, goal := x.among(from), x.goal(to)
	before, behind := x.behind(x.clones(from.bases)), x.behind(x.clones(to.bases))
	if !slices.ContainsFunc(x.clones(from.bases), func(n int) bool { _, ok := behind[n]; return ok }) {
		return nil, nil
	}
	var best *flow.Caller
	keep := func(c flow.Caller, way []flow.Step) {
		if len(way) > 0 && (best == nil || len(way) < len(best.Way)) {
			c.Way = way
			best = &c
		}
	}
	for _, exe := range x.exes {
		for _, e := range entries(exe) {
			if !x.leads(exe, e, before) || !x.leads(exe, e, behind) {
				continue
			}
			way, err := walk.Between(ctx, x.stitcher, e.Entry, begins, goal)
			if err != nil {
				return nil, err
			}
			keep(e.caller, way)
		}
	}
	if best != nil {
		return best, nil
	}
	for _, exe := range x.exes {
		for i := range exe.NumFuncs() {
			if id := summary.ID(i); from.bases[x.first[exe]+i] {
				way, err := walk.Between(ctx, x.stitcher, walk.Entry{Exe: exe, Func: &id}, begins, goal)
				if err != nil {
					return nil, err
				}
				keep(flow.Caller{Program: exe.Program.String(), Package: exe.Program.Package, Words: []string{}, Idle: true}, way)
			}
		}
	}
	return best, nil
}

// From is the shortest way of one entry to one of some functions, nil for none.
func (x *Index) From(ctx context.Context, e walk.Entry, to *Targets) (*flow.Caller, error) {
	way, err := walk.Shortest(ctx, x.stitcher, e, x.goal(to))
	if err != nil || len(way) == 0 {
		return nil, err
	}
	c := &flow.Caller{Program: e.Exe.Program.String(), Package: e.Exe.Program.Package, Words: append([]string{}, e.Words...), Way: way}
	switch {
	case e.Command != nil:
		c.Kind, c.Hidden = flow.Registration, e.Command.Hidden
	case e.Arrival != nil:
		c.Kind = e.Arrival.Kind
	}
	return c, nil
}

// goal is to come to one of the targets.
func (x *Index) goal(t *Targets) walk.Goal {
	return walk.Goal{Ends: x.among(t), Within: x.within(x.clones(t.bases))}
}

// among reports of a function whether it is one of the targets.
func (x *Index) among(t *Targets) walk.Ends {
	return func(exe *summary.Executable, id summary.ID) bool { return t.bases[x.first[exe]+int(exe.Base(id))] }
}

// leads reports whether an entry begins with one of some functions.
func (x *Index) leads(exe *summary.Executable, e entry, some map[int]int) bool {
	return slices.ContainsFunc(e.funcs, func(id summary.ID) bool { _, ok := some[x.first[exe]+int(id)]; return ok })
}
