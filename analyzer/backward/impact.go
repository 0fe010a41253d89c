package backward

import (
	"cmp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// Change is changed lines of a file of a source. Of what was only removed it is
// the two lines between which that stood.
type Change struct {
	Source      *system.Source
	File        string // relative to the source
	First, Last int
	Removed     bool
}

// Changed is the functions that changed lines belong to, and the places of lines
// that belong to none.
func (x *Index) Changed(changes []Change) (*Targets, []flow.Site) {
	bases := map[int]bool{}
	inside := make([]bool, len(changes))
	of := map[string][]int{} // by file
	for i, c := range changes {
		of[c.File] = append(of[c.File], i)
	}
	for _, exe := range x.exes {
		for id := range exe.NumFuncs() {
			f := exe.Func(summary.ID(id))
			if f.Base != summary.ID(id) || f.File == "" {
				continue
			}
			for _, i := range of[f.File] {
				if c := &changes[i]; c.Source == exe.Program.Source && c.touches(f) {
					bases[x.first[exe]+id], inside[i] = true, true
				}
			}
		}
	}
	var elsewhere []flow.Site
	for i, c := range changes {
		if !inside[i] {
			elsewhere = append(elsewhere, flow.Site{File: c.File, Line: c.First})
		}
	}
	return x.targets(bases), elsewhere
}

// touches reports whether a change is one of f.
func (c *Change) touches(f *summary.Func) bool {
	end := max(f.Line, f.End)
	if c.Removed {
		return c.First >= f.Line && c.Last <= end
	}
	return c.First <= end && c.Last >= f.Line
}

// Crossings is where the targets send, start, serve or define something, with
// what stands on the other side.
func (x *Index) Crossings(t *Targets) []flow.Crossing {
	type key struct {
		kind flow.Kind
		text string
	}
	found := map[key]*flow.Crossing{}
	at := func(kind flow.Kind, text string) *flow.Crossing {
		k := key{kind, strings.TrimSpace(text)}
		if found[k] == nil {
			found[k] = &flow.Crossing{Kind: k.kind, Key: k.text}
		}
		return found[k]
	}
	for _, j := range x.joins {
		ours := x.meant(t, j.from, j.departure.Origin())
		var c *flow.Crossing
		for _, to := range j.to {
			theirs := to.Func != summary.None && x.meant(t, to.Exe, to.Func)
			if !ours && !theirs {
				continue
			}
			c = at(j.departure.Kind, to.Detail)
			add(&c.From, x.side(j.from, j.departure.Origin()))
			if to.Func == summary.None {
				add(&c.To, to.Exe.Program.String())
			} else {
				add(&c.To, x.side(to.Exe, to.Func))
			}
		}
		if ours && c == nil {
			c = at(j.departure.Kind, j.departure.Key.String())
			add(&c.From, x.side(j.from, j.departure.Origin()))
		}
	}
	for _, exe := range x.exes {
		for _, a := range exe.Arrivals {
			if !a.Kind.Process() || !x.serves(t, exe, &a) {
				continue
			}
			c := at(a.Kind, a.Key.String())
			for _, h := range a.Handlers {
				add(&c.To, x.side(exe, h.Func))
			}
		}
		for _, cmd := range exe.Commands {
			if n := len(cmd.Route); n > 0 && !cmd.Argv0 && x.meant(t, exe, cmd.Route[n-1]) {
				c := at(flow.Registration, strings.Join(append([]string{exe.Program.String()}, cmd.Words...), " "))
				for _, h := range cmd.Run {
					add(&c.To, x.side(exe, h.Func))
				}
			}
		}
	}
	var out []flow.Crossing
	for _, c := range found {
		slices.Sort(c.From)
		slices.Sort(c.To)
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b flow.Crossing) int {
		return cmp.Or(flow.CompareKinds(a.Kind, b.Kind), strings.Compare(a.Key, b.Key))
	})
	return out
}

func add(list *[]string, s string) {
	if !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}

func (x *Index) meant(t *Targets, exe *summary.Executable, id summary.ID) bool {
	return id != summary.None && t.bases[x.first[exe]+int(exe.Base(id))]
}

// serves reports whether a target handles a request, or registers its handler.
func (x *Index) serves(t *Targets, exe *summary.Executable, a *summary.Arrival) bool {
	for _, h := range slices.Concat(a.All(), a.Before) {
		if x.meant(t, exe, h.Func) {
			return true
		}
	}
	return len(a.Registered) > 0 && x.meant(t, exe, a.Registered[0].In)
}

// side is a function as endpoints name the other side of one.
func (x *Index) side(exe *summary.Executable, id summary.ID) string {
	return exe.Program.String() + " " + exe.Func(id).Name
}
