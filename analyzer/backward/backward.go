// Package backward asks what reaches a function: which commands, requests, RPC
// methods, tasks and starts of programs, across processes.
//
// Words. A caller is an entry of a program that leads to one of the functions
// asked for, the targets. A way is what is passed from a caller to a target.
//
// Phases, a file each:
//
//	backward  the calls of all programs, and what joins them, the other way round
//	target    the functions that a person names
//	caller    the entries from which a target may be reached, each then followed
//	          forward: what is told is a way that a trace of the entry has
//	path      the shortest way from one function to another
//	impact    the functions that changed, and what is on the other side of them
//
// Calls go from clone to clone, so what is known of a function's callers is kept
// when they are followed backward. What is known of why a program runs is not:
// that is what the second look forward is for.
//
// What it cannot see: calls of which it is not known what they reach, and
// requests without a partner. The answer counts them.
package backward

import (
	"context"
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/walk"
)

// Index is the calls of a system by what they reach. It is safe for one user at a
// time.
type Index struct {
	stitcher *stitch.Stitcher
	exes     []*summary.Executable
	first    map[*summary.Executable]int // the number of its function 0
	callers  [][]int32                   // by number of a function: those that pass control to it
	joins    []join
	unjoined int
}

// join is a departure that leaves its process, with what it reaches.
type join struct {
	from      *summary.Executable
	departure *summary.Departure
	to        []stitch.Join
}

// Build indexes programs, which st can get.
func Build(ctx context.Context, st *stitch.Stitcher, exes []*summary.Executable) (*Index, error) {
	x := &Index{stitcher: st, exes: exes, first: map[*summary.Executable]int{}}
	n := 0
	for _, exe := range exes {
		x.first[exe] = n
		n += exe.NumFuncs()
	}
	x.callers = make([][]int32, n)
	for _, exe := range exes {
		x.calls(exe)
		if err := x.departures(ctx, exe); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// Programs is the programs that were indexed.
func (x *Index) Programs() []flow.Component {
	var out []flow.Component
	for _, exe := range x.exes {
		p := exe.Program
		out = append(out, flow.Component{Name: p.String(), Package: p.Package, Dir: p.Source.Given, Version: p.Source.Version, Web: p.Source.Web})
	}
	return out
}

// Executables is the programs that are indexed.
func (x *Index) Executables() []*summary.Executable { return x.exes }

// calls adds what happens inside a program.
func (x *Index) calls(exe *summary.Executable) {
	for from := range exe.NumFuncs() {
		for _, s := range exe.Func(summary.ID(from)).Sites {
			if s.Kind == flow.Registration {
				continue // nothing passes there
			}
			for _, to := range s.To {
				x.add(exe, summary.ID(from), exe, to)
			}
		}
	}
}

// departures adds what leaves a function for another process, or for a receiver
// in its own.
func (x *Index) departures(ctx context.Context, exe *summary.Executable) error {
	reached := make([][]stitch.Join, len(exe.Departures))
	for i := range exe.Departures {
		d := &exe.Departures[i]
		joins, gap, err := x.stitcher.Join(ctx, exe, d)
		if err != nil {
			return err
		}
		reached[i] = joins
		if gap != nil && d.Kind.Process() {
			x.unjoined++
		}
		if d.Kind.Process() {
			x.joins = append(x.joins, join{exe, d, joins})
		}
	}
	for from := range exe.NumFuncs() {
		for _, i := range exe.Func(summary.ID(from)).Leaves {
			d := &exe.Departures[i]
			x.add(exe, summary.ID(from), exe, d.In)
			for _, p := range d.Via {
				x.add(exe, summary.ID(from), exe, p.In)
			}
			for _, j := range reached[i] {
				for _, to := range j.Entered() {
					x.add(exe, summary.ID(from), j.Exe, to)
				}
			}
		}
	}
	return nil
}

// add says that one function passes control to another, once.
func (x *Index) add(exe *summary.Executable, from summary.ID, other *summary.Executable, to summary.ID) {
	first, known := x.first[other]
	if to == summary.None || !known {
		return
	}
	n := int32(x.first[exe] + int(from))
	list := &x.callers[first+int(to)]
	for _, c := range *list {
		if c == n {
			return
		}
	}
	*list = append(*list, n)
}

// behind is every function from which control may come to one of the given, with
// the fewest calls that takes.
func (x *Index) behind(targets []int) map[int]int {
	steps := map[int]int{}
	var queue []int
	for _, n := range targets {
		if _, ok := steps[n]; !ok {
			steps[n] = 0
			queue = append(queue, n)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, c := range x.callers[queue[0]] {
			if _, ok := steps[int(c)]; !ok {
				steps[int(c)] = steps[queue[0]] + 1
				queue = append(queue, int(c))
			}
		}
	}
	return steps
}

// within is where a walk goes that looks for targets: what may lead to them, and
// what makes the literals among which a call of an argument on the way chooses.
func (x *Index) within(targets []int) walk.Within {
	seen := make([]bool, len(x.callers))
	work := slices.Clone(targets)
	makers := map[int]bool{} // bases whose clones are in seen
	for len(work) > 0 {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		for _, c := range x.callers[n] {
			work = append(work, int(c))
		}
		exe, id := x.at(n)
		for _, s := range exe.Func(id).Sites {
			if !s.Given || s.Candidates < 2 {
				continue
			}
			bases := map[int]bool{}
			for _, to := range s.To {
				if maker := exe.Func(to).Literal; maker != summary.None {
					if base := x.first[exe] + int(exe.Base(maker)); !makers[base] {
						makers[base], bases[base] = true, true
					}
				}
			}
			if len(bases) > 0 {
				work = append(work, x.clones(bases)...)
			}
		}
	}
	return func(exe *summary.Executable, id summary.ID) bool {
		first, known := x.first[exe]
		return known && seen[first+int(id)]
	}
}

// clones is the numbers of every clone of the functions with the given bases.
func (x *Index) clones(bases map[int]bool) []int {
	var out []int
	for _, exe := range x.exes {
		first := x.first[exe]
		for id := range exe.NumFuncs() {
			if bases[first+int(exe.Base(summary.ID(id)))] {
				out = append(out, first+id)
			}
		}
	}
	return out
}
