package walk

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
)

// Costs of a step on the spine. They only rank ways that cross the same number
// of programs.
const (
	stepCost     = 4
	choiceCost   = 1  // for each doubling of the candidates
	libraryCost  = 2  // a function outside the sources under study
	goCost       = 12 // work beside the route
	deferCost    = 16 // cleanup
	optionalCost = 8  // may be left out
	undoCost     = 20 // takes back what was done, by its name
	askedBonus   = 16 // leaves a process with a word of the command
	wordBonus    = 2  // the callee's name repeats a word of the command

	firstSlack    = 6  // how much dearer the first of several ways may be
	namesakeSlack = 24 // how much dearer a way may be that repeats the command's word
	lastSlack     = 24 // how much dearer the last effect may be
	farEffect     = 48 // an effect that is further away is not what the command is about
	nearRestart   = 6  // steps to where a program starts itself
	fewSteps      = 3  // steps shown where no effect follows
	noEffect      = 400
	smallWrite    = 12 // directories, links, removals
)

// cost is the price of going on to function to at site s.
func (w *walker) cost(exe *summary.Executable, s *summary.Site, to summary.ID) int {
	c := stepCost
	for n := s.Candidates; n > 1; n /= 2 {
		c += choiceCost
	}
	if exe.Funcs[to].Library {
		c += libraryCost
	}
	switch s.Kind {
	case flow.Go:
		c += goCost
	case flow.Defer:
		c += deferCost
	}
	name := exe.Funcs[to].Name[strings.LastIndexByte(exe.Funcs[to].Name, '.')+1:]
	if undoes(name) && !w.asked(name) {
		c += undoCost
	}
	if s.Optional {
		c += optionalCost
	}
	if w.mentions(exe.Funcs[to].Name) {
		c -= wordBonus
	}
	return c
}

// worth is what can still be reached from a node, the weightiest first.
type worth struct {
	first    int  // words of the command in what leaves the first program
	programs int  // how many more
	lasting  bool // the last one changes something that lasts
	cost     int  // to the next program, or to what lasts in the last
	asked    int  // words of the command in what leaves each program; they make up for cost
}

func (a worth) better(b worth) bool {
	if c := a.compare(b); c != 0 {
		return c > 0
	}
	return a.price() < b.price()
}

func (a worth) price() int { return a.cost - askedBonus*a.asked }

// compare is by what is reached, whatever the cost.
func (a worth) compare(b worth) int {
	lasting := 0
	if a.lasting != b.lasting {
		lasting = -1
		if a.lasting {
			lasting = 1
		}
	}
	return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.programs, b.programs), lasting)
}

// state is a stop and the programs that the route has been through.
type state struct {
	stop int
	seen string
}

// spine chooses the route a person would tell: the one that reaches the most
// programs and then something that lasts, without detours. Of several such
// ways it takes the first that is written on the way to another process, and
// the last inside the last one.
func (w *walker) spine() []int {
	if w.flow.Root == 0 {
		return []int{}
	}
	values, restarts := w.values(), w.restarts()
	seen := w.program(start)
	out := []int{w.flow.Root}
	on := map[int]bool{start: true}
	for at := start; ; {
		h := w.choose(values, state{at, seen}, on)
		if next := w.again(restarts, at, on); next != nil && values[state{at, seen}].programs == 0 {
			h = next
		}
		if h == nil {
			return out
		}
		out = append(append(out, h.via...), w.stops[h.to].node)
		on[h.to] = true
		if h.edge != none {
			w.flow.Edges[h.edge].Spine = true
		}
		seen = w.through(seen, h)
		if h.process {
			w.reads, w.steps = h.reads, 0
		}
		at = h.to
	}
}

// start is the stop in which the route begins, the first that is made.
const start = 0

// program is the set of programs that holds only the one of a stop.
func (w *walker) program(at int) string {
	p := w.stops[at].exe.Program
	return "\x00" + p.Package + "@" + p.Source.Name + "\x00"
}

// through is the set of programs after taking h.
func (w *walker) through(seen string, h *hop) string {
	p := w.program(h.to)
	if strings.Contains(seen, p) {
		return seen
	}
	return seen + p
}

// allowed reports whether the spine may take h: it does not go where only an
// error leads, nor back into a program it has left, except that a program may
// start itself.
func (w *walker) allowed(seen string, from int, h *hop) bool {
	if h.failure {
		return false
	}
	if !h.process {
		return true
	}
	return !strings.Contains(seen, w.program(h.to)) || w.program(h.to) == w.program(from)
}

// choose takes the best hop: among those that reach as many programs as any,
// the first that is not much dearer, or the last in the last program. on is the
// stops that the spine has made.
func (w *walker) choose(values map[state]worth, s state, on map[int]bool) *hop {
	best, ok := values[s]
	if !ok {
		return nil
	}
	if end := w.effect(s.stop); best.programs == 0 && end == best.cost && end < noEffect {
		return nil
	}
	if best.programs == 0 && (best.cost > farEffect || w.reads) {
		return w.onward(s, on)
	}
	slack := firstSlack
	if best.programs == 0 {
		slack = lastSlack
	}
	var good []*hop
	for i := range w.stops[s.stop].hops {
		h := &w.stops[s.stop].hops[i]
		if on[h.to] || !w.allowed(s.seen, s.stop, h) {
			continue
		}
		v, ok := values[state{h.to, w.through(s.seen, h)}]
		if !ok {
			continue
		}
		switch v = w.plus(v, s, h); {
		case v.compare(best) != 0:
		case v.price() <= best.price()+slack:
			good = append(good, h)
		case v.price() <= best.price()+namesakeSlack && v.asked >= best.asked && best.programs > 0 && w.namesake(h):
			good = append(good, h)
		}
	}
	if best.programs > 0 {
		good = w.preferNamesakes(good)
	}
	slices.SortStableFunc(good, func(a, b *hop) int { return a.pos - b.pos })
	switch {
	case len(good) == 0:
		return nil
	case best.programs > 0:
		return good[0]
	}
	return good[len(good)-1]
}

// restarts is the stops from which the program surely starts itself anew, with
// the number of steps to where it does: a program that goes on in a process of
// its own making does its work there.
func (w *walker) restarts() map[int]int {
	steps := map[int]int{}
	in := map[int][]int{}
	var queue []int
	for at := range w.stops {
		for i := range w.stops[at].hops {
			h := &w.stops[at].hops[i]
			switch {
			case h.failure || h.maybe:
			case !h.process:
				in[h.to] = append(in[h.to], at)
			case w.program(h.to) == w.program(at) && !slices.Contains(queue, at):
				steps[at] = 0
				queue = append(queue, at)
			}
		}
	}
	for i := 0; i < len(queue); i++ {
		for _, from := range in[queue[i]] {
			if _, ok := steps[from]; !ok && steps[queue[i]] < nearRestart {
				steps[from] = steps[queue[i]] + 1
				queue = append(queue, from)
			}
		}
	}
	return steps
}

// again is the last hop of a stop on the way to where the program starts
// itself anew.
func (w *walker) again(restarts map[int]int, at int, on map[int]bool) *hop {
	var last *hop
	if _, ok := restarts[at]; !ok {
		return nil
	}
	for i := range w.stops[at].hops {
		h := &w.stops[at].hops[i]
		if h.failure || h.maybe || on[h.to] {
			continue
		}
		steps, ok := restarts[h.to]
		ok = ok && !h.process && steps < restarts[at]
		if h.process && w.program(h.to) == w.program(at) {
			ok = true
		}
		if ok && (last == nil || h.pos >= last.pos) {
			last = h
		}
	}
	return last
}

// preferNamesakes keeps the hops whose function repeats a word of the command,
// when there are any.
func (w *walker) preferNamesakes(hops []*hop) []*hop {
	same := slices.DeleteFunc(slices.Clone(hops), func(h *hop) bool { return !w.namesake(h) })
	if len(same) > 0 {
		return same
	}
	return hops
}

// namesake reports whether the first function of a hop repeats a word of the
// command.
func (w *walker) namesake(h *hop) bool {
	if h.process && len(h.via) > 0 {
		return w.mentions(w.flow.Nodes[h.via[0]-1].Func)
	}
	return w.mentions(w.name(h.to))
}

// name is the full name of a stop's function.
func (w *walker) name(at int) string { return w.stops[at].exe.Funcs[w.stops[at].id].Name }

// onward is the hop to take where nothing lasts any more: the command itself,
// what a generated handler hands on to, the first function whose name repeats a
// word of the command, the goroutine that a value is sent to, or else the last
// call of the program's own code. It goes a few steps and no further: there is
// nothing to arrive at.
func (w *walker) onward(s state, on map[int]bool) *hop {
	var ways []*hop
	for i := range w.stops[s.stop].hops {
		h := &w.stops[s.stop].hops[i]
		if on[h.to] || h.failure || h.process {
			continue
		}
		if s.stop == start && len(h.via) > 0 {
			return h
		}
		if h.cost < goCost {
			ways = append(ways, h)
		}
	}
	if len(ways) == 0 || w.steps >= fewSteps {
		return nil
	}
	w.steps++
	slices.SortStableFunc(ways, func(a, b *hop) int { return a.pos - b.pos })
	if w.passesOn(s.stop) || w.handsOn(s.stop) {
		return ways[len(ways)-1]
	}
	for _, h := range ways {
		if len(h.via) == 0 && w.named(h.to) {
			return h
		}
	}
	for _, h := range slices.Backward(ways) {
		if len(h.via) > 0 {
			return h
		}
	}
	for _, h := range slices.Backward(ways) {
		if p := w.stops[h.to]; !p.exe.Funcs[p.id].Library {
			return h
		}
	}
	return nil
}

// handsOn reports whether a stop is in a literal that stands in a function which
// registers it, as generated handlers do.
func (w *walker) handsOn(at int) bool {
	p := w.stops[at]
	f := &p.exe.Funcs[p.id]
	if f.Literal == summary.None {
		return false
	}
	return slices.ContainsFunc(p.exe.Funcs[f.Literal].Sites, func(s summary.Site) bool {
		return s.Kind == flow.Registration && slices.Contains(s.To, p.id)
	})
}

// passesOn reports whether a stop only hands on what arrived: a generated
// handler, or a literal that stands in a library.
func (w *walker) passesOn(at int) bool {
	p := w.stops[at]
	f := &p.exe.Funcs[p.id]
	return f.Library || strings.HasSuffix(f.File, ".pb.go")
}

// plus is the worth of taking h and then going on with v.
func (w *walker) plus(v worth, s state, h *hop) worth {
	if w.through(s.seen, h) != s.seen {
		if v.programs == 0 {
			v.lasting = v.cost <= farEffect && !h.reads
		}
		v.programs++
		v.asked += h.asked
		if s.seen == w.program(start) {
			v.first = h.asked
		}
		v.cost = 0 // only the way to the next program is compared
	}
	v.cost += h.cost + len(h.via)*stepCost
	return v
}

// effect is the cost of ending the spine at a stop.
func (w *walker) effect(at int) int {
	p := &w.stops[at]
	best := noEffect
	if p.dead {
		best = 0
	}
	live := w.live(p.visit)
	for _, e := range p.exe.Funcs[p.id].Effects {
		if live != nil && !live[e.Pos] {
			continue
		}
		c := smallWrite
		switch {
		case strings.Contains(e.Call, "Write"), strings.Contains(e.Call, "Temp"), strings.HasSuffix(e.Call, "Mount"), strings.HasSuffix(e.Call, "Exec"):
			c = 0
		}
		best = min(best, c)
	}
	return best
}

// values computes the worth of every state, from the largest sets of programs
// down: inside one set it is a shortest-way search from the ends.
func (w *walker) values() map[state]worth {
	sets := w.sets()
	values := map[state]worth{}
	for i := len(sets) - 1; i >= 0; i-- {
		w.valuesOf(sets[i], values)
	}
	return values
}

// sets is every set of programs that some route has been through, smaller sets
// before those they grow into.
func (w *walker) sets() []string {
	seen := map[string]bool{}
	out := []string{w.program(start)}
	for i := 0; i < len(out) && len(out) < 256; i++ {
		for n := range w.stops {
			if !strings.Contains(out[i], w.program(n)) {
				continue
			}
			for j := range w.stops[n].hops {
				h := &w.stops[n].hops[j]
				next := w.through(out[i], h)
				if h.process && next != out[i] && !seen[next] {
					seen[next] = true
					out = append(out, next)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return len(a) - len(b) })
	return out
}

// valuesOf fills the states of one set.
func (w *walker) valuesOf(seen string, values map[state]worth) {
	type back struct {
		from int
		h    *hop
	}
	in := map[int][]back{}
	q := &queue{}
	for n := range w.stops {
		if !strings.Contains(seen, w.program(n)) {
			continue
		}
		s := state{n, seen}
		best := worth{cost: w.effect(n)}
		for i := range w.stops[n].hops {
			h := &w.stops[n].hops[i]
			if !w.allowed(seen, n, h) {
				continue
			}
			next := w.through(seen, h)
			if next == seen {
				in[h.to] = append(in[h.to], back{n, h})
				continue
			}
			if v, ok := values[state{h.to, next}]; ok {
				if v = w.plus(v, s, h); v.better(best) {
					best = v
				}
			}
		}
		values[s] = best
		heap.Push(q, item{n, best})
	}
	for q.Len() > 0 {
		it := heap.Pop(q).(item)
		if values[state{it.stop, seen}] != it.worth {
			continue
		}
		for _, b := range in[it.stop] {
			v := w.plus(it.worth, state{b.from, seen}, b.h)
			if v.better(values[state{b.from, seen}]) {
				values[state{b.from, seen}] = v
				heap.Push(q, item{b.from, v})
			}
		}
	}
}

type item struct {
	stop  int
	worth worth
}

// queue is a heap of items, the best first and equal ones by stop.
type queue []item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].worth != q[j].worth {
		return q[i].worth.better(q[j].worth)
	}
	return q[i].stop < q[j].stop
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(item)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
