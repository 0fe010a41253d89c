// Package compare tells how a route changed between two revisions of a system.
//
// Words. An outline is what is compared of a route: its steps in order, the
// functions beside it, its crossings between processes and its gaps. Two functions
// of one program are the same if they have the same name; else if they have the
// same name behind the last element of their package's path, as after a module or
// a folder was renamed; else if they have the same name behind their package, as
// after they were moved. Of the last two it must be the only one on both sides.
//
// Phases, a file each:
//
//	outline   what is compared of a flow
//	match     which function of the one is which of the other
//	compare   the steps in order, then what is beside them
//
// What it cannot see: a function that got another name is one removed and one
// added. A line number that changed is no difference.
package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Outlines is how one route differs from another. Change is Same if it does not.
func Outlines(before, after *Outline) flow.CommandDiff {
	m := match(before, after)
	d := flow.CommandDiff{
		Change: flow.Same, Route: m.route(), Beside: m.beside(), Crossings: m.crossings(), Gaps: m.gaps(),
	}
	if len(d.Beside)+len(d.Crossings)+len(d.Gaps) > 0 || slices.ContainsFunc(d.Route, func(s flow.StepDiff) bool { return s.Change != flow.Same }) {
		d.Change = flow.Changed
	}
	return d
}

// Whole is a route of which all was added, or removed.
func Whole(o *Outline, change flow.Change) flow.CommandDiff {
	d := flow.CommandDiff{Change: change, Route: []flow.StepDiff{}, Beside: []flow.StepDiff{}, Crossings: []flow.CrossingDiff{}, Gaps: []flow.GapDiff{}}
	for i := range o.route {
		d.Route = append(d.Route, flow.StepDiff{Change: change, Step: o.route[i].Step})
	}
	return d
}

// route is both routes as one list: the longest that they have in common, with
// what is in one of them alone where it stands.
func (m *matching) route() []flow.StepDiff {
	a, b := m.old.route, m.new.route
	same := func(i, j int) bool { return m.idOld(a[i].key) == m.idNew(b[j].key) }
	// longest[i][j] is the length of what a[i:] and b[j:] have in common.
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if same(i, j) {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	out := []flow.StepDiff{}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && same(i, j):
			out = append(out, step(&a[i], &b[j]))
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && longest[i+1][j] >= longest[i][j+1]:
			out = append(out, flow.StepDiff{Change: flow.Removed, Step: a[i].Step})
			i++
		default:
			out = append(out, flow.StepDiff{Change: flow.Added, Step: b[j].Step})
			j++
		}
	}
	return out
}

// step compares a step with what became of it.
func step(before, after *outlined) flow.StepDiff {
	d := flow.StepDiff{Change: flow.Same, Step: after.Step}
	if withoutVersion(before.File) != withoutVersion(after.File) {
		d.Change = flow.Moved
	}
	d.Changes = append(differences("no longer ", "now ", before.does, after.does), passage(before, after)...)
	if len(d.Changes) > 0 {
		d.Change = flow.Changed
	}
	if d.Change != flow.Same {
		was := before.Step
		d.Was = &was
	}
	return d
}

// withoutVersion is a file of a library in any version of its module.
func withoutVersion(file string) string {
	module, rest, found := strings.Cut(file, "@")
	if !found {
		return file
	}
	_, name, _ := strings.Cut(rest, "/")
	return module + "/" + name
}

// passage compares how control passes on from a step.
func passage(before, after *outlined) []string {
	a, b := before.Next, after.Next
	if a == nil || b == nil || !a.Kind.Process() || !b.Kind.Process() {
		return nil // what follows in the same process, the list says
	}
	if a.Kind == b.Kind && a.Detail == b.Detail {
		return differences("no longer only ", "only ", before.under, after.under)
	}
	words := func(p *flow.Passage) string {
		return strings.TrimSpace(string(p.Kind) + " " + flow.Brief(p.Kind, p.Detail))
	}
	return []string{fmt.Sprintf("%s instead of %s", words(b), words(a))}
}

// differences is what is in one of two lists alone.
func differences(lost, won string, before, after []string) []string {
	var out []string
	for _, s := range before {
		if !slices.Contains(after, s) {
			out = append(out, lost+s)
		}
	}
	for _, s := range after {
		if !slices.Contains(before, s) {
			out = append(out, won+s)
		}
	}
	return out
}

// beside is the functions beside the routes that only one side has. What is on the
// route of one side and beside that of the other, the route tells.
func (m *matching) beside() []flow.StepDiff {
	out := []flow.StepDiff{}
	add := func(change flow.Change, mine, theirs *Outline, id, other func(string) string) {
		there := map[string]bool{}
		for key := range theirs.functions {
			there[other(key)] = true
		}
		onRoute := map[string]bool{}
		for _, s := range mine.route {
			onRoute[s.key] = true
		}
		for key, s := range mine.functions {
			if !there[id(key)] && !onRoute[key] {
				out = append(out, flow.StepDiff{Change: change, Step: s})
			}
		}
	}
	add(flow.Removed, m.old, m.new, m.idOld, m.idNew)
	add(flow.Added, m.new, m.old, m.idNew, m.idOld)
	slices.SortFunc(out, func(a, b flow.StepDiff) int {
		return cmp.Or(strings.Compare(a.Program, b.Program), flow.CompareSites(a.Site, b.Site), strings.Compare(a.Func, b.Func), strings.Compare(string(a.Change), string(b.Change)))
	})
	return out
}

// crossings is what passes between processes on one side alone. Where one and only
// one of each side is between the same two functions, or from the same one into the
// same program, it is one crossing whose key changed.
func (m *matching) crossings() []flow.CrossingDiff {
	id := func(c *crossing, of func(string) string) string {
		return strings.Join([]string{string(c.kind), of(c.from), of(c.to), c.detail}, "\x00")
	}
	alone := func(mine, theirs []crossing, of, other func(string) string) []crossing {
		there := map[string]bool{}
		for i := range theirs {
			there[id(&theirs[i], other)] = true
		}
		return slices.DeleteFunc(slices.Clone(mine), func(c crossing) bool { return there[id(&c, of)] })
	}
	removed := alone(m.old.crossings, m.new.crossings, m.idOld, m.idNew)
	added := alone(m.new.crossings, m.old.crossings, m.idNew, m.idOld)
	out := []flow.CrossingDiff{}
	// Who sends it, and who handles it, the routes tell.
	removed, added = apart(removed, added, func(a, b *crossing) bool {
		return a.detail == b.detail && program(a.from) == program(b.from) && program(a.to) == program(b.to)
	})
	for _, near := range []func(a, b *crossing) bool{
		func(a, b *crossing) bool { return m.idOld(a.from) == m.idNew(b.from) && m.idOld(a.to) == m.idNew(b.to) },
		func(a, b *crossing) bool { return m.idOld(a.from) == m.idNew(b.from) && program(a.to) == program(b.to) },
		func(a, b *crossing) bool { return m.idOld(a.to) == m.idNew(b.to) && program(a.from) == program(b.from) },
	} {
		for _, pair := range pairs(removed, added, near) {
			a, b := pair[0], pair[1]
			removed = slices.DeleteFunc(removed, func(c crossing) bool { return c == a })
			added = slices.DeleteFunc(added, func(c crossing) bool { return c == b })
			out = append(out, flow.CrossingDiff{Change: flow.Changed, Kind: b.kind, From: side(b.from), To: side(b.to), Old: a.detail, New: b.detail})
		}
	}
	for _, c := range removed {
		out = append(out, flow.CrossingDiff{Change: flow.Removed, Kind: c.kind, From: side(c.from), To: side(c.to), Old: c.detail})
	}
	for _, c := range added {
		out = append(out, flow.CrossingDiff{Change: flow.Added, Kind: c.kind, From: side(c.from), To: side(c.to), New: c.detail})
	}
	slices.SortFunc(out, func(a, b flow.CrossingDiff) int {
		return cmp.Or(flow.CompareKinds(a.Kind, b.Kind), strings.Compare(cmp.Or(a.New, a.Old), cmp.Or(b.New, b.Old)),
			strings.Compare(a.From, b.From), strings.Compare(a.To, b.To), strings.Compare(string(a.Change), string(b.Change)))
	})
	return out
}

// apart is two lists without what is in both.
func apart(before, after []crossing, same func(a, b *crossing) bool) (removed, added []crossing) {
	removed = slices.DeleteFunc(slices.Clone(before), func(a crossing) bool {
		return slices.ContainsFunc(after, func(b crossing) bool { return a.kind == b.kind && same(&a, &b) })
	})
	added = slices.DeleteFunc(slices.Clone(after), func(b crossing) bool {
		return slices.ContainsFunc(before, func(a crossing) bool { return a.kind == b.kind && same(&a, &b) })
	})
	return removed, added
}

// pairs is the crossings that are near each other and to no other one: of several
// nobody knows which became which.
func pairs(removed, added []crossing, near func(a, b *crossing) bool) [][2]crossing {
	var out [][2]crossing
	for _, a := range removed {
		var mine []crossing
		for _, b := range added {
			if a.kind == b.kind && near(&a, &b) {
				mine = append(mine, b)
			}
		}
		if len(mine) != 1 {
			continue
		}
		rivals := 0
		for _, c := range removed {
			if c.kind == mine[0].kind && near(&c, &mine[0]) {
				rivals++
			}
		}
		if rivals == 1 {
			out = append(out, [2]crossing{a, mine[0]})
		}
	}
	return out
}

func program(key string) string { p, _, _ := strings.Cut(key, separator); return p }

func side(key string) string { return strings.Replace(key, separator, " ", 1) }

// gaps is the gaps that one side alone has. Lines do not count.
func (m *matching) gaps() []flow.GapDiff {
	out := []flow.GapDiff{}
	add := func(change flow.Change, mine, theirs []gap, of, other func(string) string) {
		there := map[gap]bool{}
		for _, g := range theirs {
			g.after = other(g.after)
			there[g] = true
		}
		for _, g := range mine {
			id := g
			id.after = of(g.after)
			if !there[id] {
				out = append(out, flow.GapDiff{Change: change, Kind: g.kind, After: side(g.after), Detail: g.detail, Reason: g.reason})
			}
		}
	}
	add(flow.Removed, m.old.gaps, m.new.gaps, m.idOld, m.idNew)
	add(flow.Added, m.new.gaps, m.old.gaps, m.idNew, m.idOld)
	return out
}
