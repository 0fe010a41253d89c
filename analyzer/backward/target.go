package backward

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// Targets is the functions that were asked for.
type Targets struct {
	bases map[int]bool
	list  []flow.Target // in the order of programs, then of the source
}

// List is the functions.
func (t *Targets) List() []flow.Target { return t.list }

// Find is the functions that a pattern names in any program, as --to names them
// on a route; also those that send or serve a request, or make a call that acts on
// the machine, by its name. Where one stands in the sources under study, those of libraries are
// not meant.
func (x *Index) Find(p *narrow.Pattern) (*Targets, error) {
	all := x.everything()
	match := p.Nodes(all)
	if len(match) == 0 {
		return nil, noFunction(p, all)
	}
	own := func(n int) bool { exe, id := x.at(n); return !exe.Func(id).Library }
	bases := map[int]bool{}
	for id := range match {
		bases[id-1] = own(id - 1)
	}
	return x.targets(bases), nil
}

// targets is some functions, by their numbers; if some are true, only those.
func (x *Index) targets(bases map[int]bool) *Targets {
	some := false
	for _, ok := range bases {
		some = some || ok
	}
	t := &Targets{bases: map[int]bool{}}
	running := map[*summary.Executable]map[summary.ID]bool{}
	for n, ok := range bases {
		if ok != some {
			continue
		}
		t.bases[n] = true
		exe, id := x.at(n)
		if running[exe] == nil {
			running[exe] = exe.Running()
		}
		f := exe.Func(id)
		t.list = append(t.list, flow.Target{
			Program: exe.Program.String(), Func: f.Name, Decl: f.Decl, Site: flow.Site{File: f.File, Line: f.Line}, EndLine: f.End, Idle: !running[exe][id],
		})
	}
	slices.SortFunc(t.list, compareTargets)
	return t
}

func compareTargets(a, b flow.Target) int {
	if c := strings.Compare(a.Program, b.Program); c != 0 {
		return c
	}
	if c := flow.CompareSites(a.Site, b.Site); c != 0 {
		return c
	}
	return strings.Compare(a.Func, b.Func)
}

// everything is the functions of all programs, and what they send and serve, as a
// flow, in which patterns look. A node's ID is the number of its function, and 1.
func (x *Index) everything() *flow.Flow {
	f := &flow.Flow{Schema: flow.Schema}
	for _, exe := range x.exes {
		first := x.first[exe]
		f.Components = append(f.Components, flow.Component{Name: exe.Program.String(), Package: exe.Program.Package})
		for id := range exe.NumFuncs() {
			fn := exe.Func(summary.ID(id))
			if fn.Base != summary.ID(id) {
				continue
			}
			n := flow.Node{ID: first + id + 1, Component: exe.Program.String(), Func: fn.Name, Decl: fn.Decl, File: fn.File, Line: fn.Line, EndLine: fn.End}
			for _, e := range fn.Effects {
				n.Calls = append(n.Calls, e.Call)
			}
			f.Nodes = append(f.Nodes, n)
		}
		for _, a := range exe.Arrivals {
			for _, h := range a.All() {
				n := first + int(exe.Base(h.Func)) + 1
				f.Edges = append(f.Edges, flow.Edge{From: n, To: n, Kind: a.Kind, Detail: strings.TrimSpace(a.Key.String())})
			}
		}
	}
	for _, j := range x.joins {
		from := x.first[j.from] + int(j.from.Base(j.departure.Origin())) + 1
		f.Edges = append(f.Edges, flow.Edge{From: from, To: from, Kind: j.departure.Kind, Detail: strings.TrimSpace(j.departure.Key.String())})
	}
	return f
}

// at is the function with a number.
func (x *Index) at(n int) (*summary.Executable, summary.ID) {
	for _, exe := range x.exes {
		if first := x.first[exe]; n < first+exe.NumFuncs() {
			return exe, summary.ID(n - first)
		}
	}
	panic(fmt.Sprintf("function %d of %d", n, len(x.callers)))
}

// noFunction is the error of a name that no function has, with names that may have
// been meant.
func noFunction(p *narrow.Pattern, all *flow.Flow) error {
	words := strings.FieldsFunc(p.String(), func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	hint := ""
	if len(words) > 0 {
		var names []string
		for _, n := range all.Nodes {
			names = append(names, n.Func[strings.LastIndexByte(n.Func, '.')+1:])
		}
		slices.Sort(names)
		if near := system.Nearest(words[len(words)-1], slices.Compact(names)); len(near) > 0 {
			hint = "; did you mean " + strings.Join(near, ", ") + "?"
		}
	}
	return fmt.Errorf("no function, request or place matches %q%s", p, hint)
}
