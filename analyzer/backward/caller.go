package backward

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/walk"
)

// entry is where a program can be entered.
type entry struct {
	walk.Entry
	caller flow.Caller
	funcs  []summary.ID // at which it begins
}

// Callers is what reaches the targets.
func (x *Index) Callers(ctx context.Context, t *Targets) (*flow.Callers, error) {
	out := &flow.Callers{Schema: flow.CallersSchema, Targets: t.list, Callers: []flow.Caller{}, Programs: x.Programs(), Unjoined: x.unjoined}
	behind, goal := x.behind(x.clones(t.bases)), x.goal(t)
	for _, exe := range x.exes {
		out.Dropped.Add(exe.Dropped)
		out.Unknown += unknown(exe)
		for _, e := range entries(exe) {
			if !x.leads(exe, e, behind) {
				continue
			}
			way, err := walk.Shortest(ctx, x.stitcher, e.Entry, goal)
			if err != nil {
				return nil, err
			}
			if len(way) > 0 {
				e.caller.Way = way
				keep(&out.Callers, e.caller)
			}
		}
	}
	if err := x.idle(ctx, t, behind, goal, out); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out.Callers, func(a, b flow.Caller) int {
		return cmp.Or(compareBools(a.Idle, b.Idle), flow.CompareKinds(group(a), group(b)), strings.Compare(a.Program, b.Program), slices.Compare(a.Words, b.Words))
	})
	return out, nil
}

// keep adds a caller. Of several that are asked for by the same words, as routes
// of which each serves a part, it keeps the one with the shorter way.
func keep(all *[]flow.Caller, c flow.Caller) {
	for i, x := range *all {
		if x.Kind == c.Kind && x.Package == c.Package && x.Program == c.Program && !c.Exported && slices.Equal(x.Words, c.Words) {
			if len(c.Way) < len(x.Way) {
				(*all)[i] = c
			}
			return
		}
	}
	*all = append(*all, c)
}

// group orders commands before the start of programs.
func group(c flow.Caller) flow.Kind { return cmp.Or(c.Kind, flow.Reflection) }

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// entries is every way into a program, of which each runs some functions.
func entries(exe *summary.Executable) []entry {
	var out []entry
	add := func(e entry, kind flow.Kind, words []string) {
		e.Exe, e.Words = exe, words
		e.caller.Program, e.caller.Package, e.caller.Kind, e.caller.Words = exe.Program.String(), exe.Program.Package, kind, append([]string{}, words...)
		out = append(out, e)
	}
	plain := false
	for i := range exe.Commands {
		c := &exe.Commands[i]
		if c.Argv0 {
			continue // nobody types it
		}
		funcs := commandFuncs(c)
		plain = plain || len(c.Words) == 0 && slices.Contains(funcs, exe.Main)
		add(entry{Entry: walk.Entry{Command: c}, funcs: funcs, caller: flow.Caller{Hidden: c.Hidden}}, flow.Registration, c.Words)
	}
	for i := range exe.Arrivals {
		a := &exe.Arrivals[i]
		if !a.Kind.Process() {
			continue
		}
		var funcs []summary.ID
		for _, h := range a.All() {
			funcs = append(funcs, h.Func)
		}
		add(entry{Entry: walk.Entry{Arrival: a}, funcs: funcs}, a.Kind, strings.Fields(a.Key.String()))
	}
	if exe.Main != summary.None && !plain {
		add(entry{funcs: []summary.ID{exe.Main}}, "", nil)
	}
	for i := range exe.NumFuncs() {
		id := summary.ID(i)
		f := exe.Func(id)
		switch {
		case f.Base != id:
		case strings.Contains(f.Name, ".init#"):
			add(entry{Entry: walk.Entry{Func: &id}, funcs: []summary.ID{id}}, "", nil)
		case exe.Program.Library && !f.Library && f.Exported():
			add(entry{Entry: walk.Entry{Func: &id}, funcs: []summary.ID{id}, caller: flow.Caller{Exported: true}}, "", nil)
		}
	}
	return out
}

// commandFuncs is the functions that a command runs.
func commandFuncs(c *summary.Command) []summary.ID {
	var out []summary.ID
	for _, h := range slices.Concat(c.Before, c.Run, c.After) {
		out = append(out, h.Func)
	}
	return out
}

// mostIdle is how many functions that nothing calls are told of.
const mostIdle = 50

// idle adds, for targets that nothing is seen to reach, the functions above them
// that nothing is seen to call: in a library the exported ones.
func (x *Index) idle(ctx context.Context, t *Targets, behind map[int]int, goal walk.Goal, out *flow.Callers) error {
	if len(out.Callers) > 0 || !slices.ContainsFunc(t.list, func(t flow.Target) bool { return t.Idle }) {
		return nil
	}
	tops := x.tops(behind)
	slices.SortFunc(tops, func(a, b int) int { return cmp.Or(cmp.Compare(behind[a], behind[b]), cmp.Compare(a, b)) })
	if len(tops) > mostIdle {
		out.Cut, tops = len(tops)-mostIdle, tops[:mostIdle]
	}
	for _, n := range tops {
		exe, id := x.at(n)
		way, err := walk.Shortest(ctx, x.stitcher, walk.Entry{Exe: exe, Func: &id}, goal)
		if err != nil {
			return err
		}
		if len(way) > 0 {
			out.Callers = append(out.Callers, flow.Caller{
				Program: exe.Program.String(), Package: exe.Program.Package, Words: []string{}, Idle: true, Way: way,
			})
		}
	}
	return nil
}

// tops is those of some functions that nothing calls but themselves, by their
// bases.
func (x *Index) tops(among map[int]int) []int {
	called := map[int]bool{}
	for n := range among {
		exe, id := x.at(n)
		base := x.first[exe] + int(exe.Base(id))
		called[base] = called[base] || slices.ContainsFunc(x.callers[n], func(c int32) bool {
			from, by := x.at(int(c))
			return x.first[from]+int(from.Base(by)) != base
		})
	}
	var out []int
	for n, ok := range called {
		if !ok {
			out = append(out, n)
		}
	}
	return out
}

// unknown counts the calls in the sources under study of which it is not known
// what they reach.
func unknown(exe *summary.Executable) int {
	n := 0
	for i := range exe.NumFuncs() {
		if f := exe.Func(summary.ID(i)); f.Base == summary.ID(i) && !f.Library {
			n += len(f.Lost)
		}
	}
	return n
}
