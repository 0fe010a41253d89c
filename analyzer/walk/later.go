package walk

import (
	"slices"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/stitch"
	"github.com/callroute/callroute/analyzer/story"
	"github.com/callroute/callroute/analyzer/summary"
)

// cause is why a function runs later than the command comes to it. What comes later is
// in the trace and on no spine.
type cause int

// The causes.
const (
	atOnce    cause = iota
	ended           // a process ended that was started on the route: it is collected, and who started it has gone on
	signalled       // a process may have ended that was sent a signal: whoever waited for it goes on
)

// ends goes on where a program waits for the end of those that it started, after one
// of them was entered. A program that replaces itself by another ends for nobody.
func (w *walker) ends(v visit, d *summary.Departure, j stitch.Join) {
	if d.Kind != flow.Exec || d.Rule == replaces || j.Exe.Main == summary.None {
		return
	}
	main := j.Exe.Func(first(j.Exe, j.Command))
	n := w.node(place{j.Exe, first(j.Exe, j.Command)})
	w.collected(v, v.exe, ended, flow.Edge{From: n, Site: flow.Site{File: main.File, Line: main.End}, Detail: j.Exe.Program.Name + " ends"})
}

// replaces is the rule of departures by which a process can become another.
const replaces = "execprogram/3"

// brings notes what a function does for which others wait: it sends a signal, and, after
// one was sent, it closes a channel.
func (w *walker) brings(v visit, runs func(int) bool) {
	for _, wake := range w.waking(v.exe, v.id) {
		signal := wake.For == boundary.Signalled
		if !wake.Failure && runs(wake.Pos) && (signal && v.by != nil || !signal && v.cause == signalled) {
			w.woken = append(w.woken, woken{v, wake, false})
		}
	}
}

// woken is a function that brings about what others wait for.
type woken struct {
	visit
	wake *summary.Wait
	done bool
}

// later goes on where others wait for what was brought about: for a signal that the
// command itself sends, on ways that are no error's, that nothing rules out and that are
// not left to others, and for what follows from that on any without an error.
func (w *walker) later() {
	if len(w.stops) == 0 {
		return
	}
	sends := w.comes(func(h *hop) bool { return !h.Error && !h.Off && !h.Handed && h.Loose == 0 }, false)
	follows := w.comes(func(h *hop) bool { return !h.Error }, true)
	answers := newAnswering(w)
	for i := range w.woken {
		c := &w.woken[i]
		signal := c.wake.For == boundary.Signalled
		if at := w.stop(c.activation, c.id); c.done && signal || signal && !sends[at] || !follows[at] {
			continue
		}
		c.done = true
		if !signal {
			answers.answer(c)
			continue
		}
		w.collected(c.visit, c.by, signalled, flow.Edge{
			From: w.node(place{c.exe, c.id}), Site: flow.Site{File: c.exe.Func(c.id).File, Line: c.wake.Line}, Detail: "a process is sent a signal",
		})
	}
}

// comes is the stops to which control comes on ways that lead by hops as follows wants
// them, and by what runs around them, or later, if around.
func (w *walker) comes(follows func(*hop) bool, around bool) map[int]bool {
	out := map[int]bool{start: true}
	for work := []int{start}; len(work) > 0; {
		s := &w.stops[work[len(work)-1]]
		work = work[:len(work)-1]
		hops := s.hops
		if around {
			hops = slices.Concat(s.hops, s.around)
		}
		for i := range hops {
			if to := hops[i].To; follows(&hops[i]) && !out[to] {
				out[to] = true
				work = append(work, to)
			}
		}
	}
	return out
}

// collected goes on after the waits for the end of a process, over an edge to them.
func (w *walker) collected(v visit, starter *summary.Executable, why cause, e flow.Edge) {
	for i := range starter.Waits {
		if wait := &starter.Waits[i]; wait.For == boundary.Ended {
			e.Kind, e.Rule = flow.Exit, wait.Rule
			w.goOn(w.stop(v.activation, v.id), activation{exe: starter, cause: why}, wait.Place, e)
		}
	}
}

// goOn goes on in a function after a place in it, over an edge from the function that
// brought it about.
func (w *walker) goOn(from int, a activation, at summary.Place, e flow.Edge) {
	if w.within != nil && !w.within(a.exe, at.In) {
		return
	}
	a.after = at.Pos
	e.To, e.Candidates = w.node(place{a.exe, at.In}), 1
	to := w.stop(a, at.In)
	w.addAround(from, hop{Call: story.Call{To: to, Leaves: e.Kind.Process()}, edge: w.edge(e)})
	w.push(a, at.In)
}

// waking is what a function does that somebody waits for.
func (w *walker) waking(exe *summary.Executable, id summary.ID) []*summary.Wait {
	all, ok := w.wakes[exe]
	if !ok {
		all = map[summary.ID][]*summary.Wait{}
		for i := range exe.Wakes {
			wake := &exe.Wakes[i]
			all[exe.Base(wake.In)] = append(all[exe.Base(wake.In)], wake)
		}
		w.wakes[exe] = all
	}
	return all[exe.Base(id)]
}

// following tells at which positions of a function control can come after one of them.
func following(f *summary.Func, pos int) func(int) bool {
	at := slices.IndexFunc(f.Course, func(s summary.Stretch) bool { return slices.Contains(s.Sites, pos) })
	known, comes := map[int]bool{}, map[int]bool{}
	for i := range f.Course {
		for _, p := range f.Course[i].Sites {
			known[p] = true
		}
	}
	if at >= 0 {
		seen := map[int]bool{}
		for work := slices.Clone(f.Course[at].Next); len(work) > 0; {
			i := work[len(work)-1]
			work = work[:len(work)-1]
			if seen[i] {
				continue
			}
			seen[i] = true
			work = append(work, f.Course[i].Next...)
			for _, p := range f.Course[i].Sites {
				comes[p] = true
			}
		}
		for _, p := range f.Course[at].Sites {
			comes[p] = comes[p] || p > pos
		}
	}
	again, inLoop := map[int]bool{}, false
	for i := range f.Sites {
		again[f.Sites[i].Pos] = f.Sites[i].Repeated
		inLoop = inLoop || f.Sites[i].Pos == pos && f.Sites[i].Repeated
	}
	return func(p int) bool {
		switch {
		case inLoop && again[p]:
			return true
		case at >= 0 && known[p]:
			return comes[p]
		}
		return p > pos
	}
}
