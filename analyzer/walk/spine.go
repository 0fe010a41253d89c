package walk

import (
	"cmp"
	"container/heap"
	"math/bits"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
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

// spine is the choice of one way through a graph.
type spine struct {
	*graph
	command words
	numbers map[*system.Program]int // of the programs on the route
	reads   bool                    // it came into its last program to ask for an answer
	steps   int                     // since then, without an effect ahead
}

// state is a stop and the programs that the route has been through.
type state struct {
	stop int
	seen programs
}

// spineOf chooses the route a person would tell: the one that reaches the most
// programs and then something that lasts, without detours. Of several such
// ways it takes the first that is written on the way to another process, and
// the last inside the last one.
func spineOf(g *graph, command words) []int {
	if g.flow.Root == 0 {
		return []int{}
	}
	sp := &spine{graph: g, command: command}
	sp.number()
	values, restarts := sp.values(), sp.restarts()
	seen := programs{}.with(sp.program(start))
	out := []int{sp.flow.Root}
	on := map[int]bool{start: true}
	for at := start; ; {
		h := sp.choose(values, state{at, seen}, on)
		if next := sp.again(restarts, at, on); next != nil && values[state{at, seen}].programs == 0 {
			h = next
		}
		if h == nil {
			return out
		}
		out = append(append(out, h.via...), sp.stops[h.to].node)
		on[h.to] = true
		if h.edge != none {
			sp.flow.Edges[h.edge].Spine = true
		}
		seen = sp.through(seen, h)
		if h.process {
			sp.reads, sp.steps = h.reads, 0
		}
		at = h.to
	}
}

// start is the stop in which the route begins, the first that is made.
const start = 0

// programs is a set of programs, by their numbers.
type programs [4]uint64

// mostPrograms is how many a set tells apart; the others count as one. More are
// on no route that was met.
const mostPrograms = 256

func (s programs) has(n int) bool { return s[n/64]&(1<<(n%64)) != 0 }

func (s programs) with(n int) programs {
	s[n/64] |= 1 << (n % 64)
	return s
}

func (s programs) size() int {
	n := 0
	for _, part := range s {
		n += bits.OnesCount64(part)
	}
	return n
}

// number gives each program a number, in the order in which they are met.
func (sp *spine) number() {
	sp.numbers = map[*system.Program]int{}
	for i := range sp.stops {
		p := sp.stops[i].exe.Program
		if _, ok := sp.numbers[p]; !ok {
			sp.numbers[p] = min(len(sp.numbers), mostPrograms-1)
		}
	}
}

// program is the number of the program of a stop.
func (sp *spine) program(at int) int { return sp.numbers[sp.stops[at].exe.Program] }

// through is the set of programs after taking h.
func (sp *spine) through(seen programs, h *hop) programs { return seen.with(sp.program(h.to)) }

// allowed reports whether the spine may take h: it does not go where only an
// error leads, nor back into a program it has left, except that a program may
// start itself.
func (sp *spine) allowed(seen programs, from int, h *hop) bool {
	if h.failure {
		return false
	}
	if !h.process {
		return true
	}
	return !seen.has(sp.program(h.to)) || sp.program(h.to) == sp.program(from)
}

// choose takes the best hop: among those that reach as many programs as any,
// the first that is not much dearer, or the last in the last program. on is the
// stops that the spine has made.
func (sp *spine) choose(values map[state]worth, s state, on map[int]bool) *hop {
	best, ok := values[s]
	if !ok {
		return nil
	}
	if end := sp.effect(s.stop); best.programs == 0 && end == best.cost && end < noEffect {
		return nil
	}
	if best.programs == 0 && (best.cost > farEffect || sp.reads) {
		return sp.onward(s, on)
	}
	slack := firstSlack
	if best.programs == 0 {
		slack = lastSlack
	}
	var good []*hop
	for i := range sp.stops[s.stop].hops {
		h := &sp.stops[s.stop].hops[i]
		if on[h.to] || !sp.allowed(s.seen, s.stop, h) {
			continue
		}
		v, ok := values[state{h.to, sp.through(s.seen, h)}]
		if !ok {
			continue
		}
		switch v = sp.plus(v, s, h); {
		case v.compare(best) != 0:
		case v.price() <= best.price()+slack:
			good = append(good, h)
		case v.price() <= best.price()+namesakeSlack && v.asked >= best.asked && best.programs > 0 && sp.namesake(h):
			good = append(good, h)
		}
	}
	if best.programs > 0 {
		good = sp.preferNamesakes(good)
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
func (sp *spine) restarts() map[int]int {
	steps := map[int]int{}
	in := map[int][]int{}
	var queue []int
	for at := range sp.stops {
		for i := range sp.stops[at].hops {
			h := &sp.stops[at].hops[i]
			switch {
			case h.failure || h.maybe:
			case !h.process:
				in[h.to] = append(in[h.to], at)
			case sp.program(h.to) == sp.program(at) && !slices.Contains(queue, at):
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
func (sp *spine) again(restarts map[int]int, at int, on map[int]bool) *hop {
	var last *hop
	if _, ok := restarts[at]; !ok {
		return nil
	}
	for i := range sp.stops[at].hops {
		h := &sp.stops[at].hops[i]
		if h.failure || h.maybe || on[h.to] {
			continue
		}
		steps, ok := restarts[h.to]
		ok = ok && !h.process && steps < restarts[at]
		if h.process && sp.program(h.to) == sp.program(at) {
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
func (sp *spine) preferNamesakes(hops []*hop) []*hop {
	same := slices.DeleteFunc(slices.Clone(hops), func(h *hop) bool { return !sp.namesake(h) })
	if len(same) > 0 {
		return same
	}
	return hops
}

// namesake reports whether the first function of a hop repeats a word of the
// command.
func (sp *spine) namesake(h *hop) bool {
	if h.process && len(h.via) > 0 {
		return sp.command.mentions(sp.flow.Nodes[h.via[0]-1].Func)
	}
	return sp.command.mentions(sp.name(h.to))
}

// name is the full name of a stop's function.
func (sp *spine) name(at int) string { return sp.stops[at].exe.Func(sp.stops[at].id).Name }

// onward is the hop to take where nothing lasts any more: the command itself,
// what a generated handler hands on to, the first function whose name repeats a
// word of the command, the goroutine that a value is sent to, or else the last
// call of the program's own code. It goes a few steps and no further: there is
// nothing to arrive at.
func (sp *spine) onward(s state, on map[int]bool) *hop {
	var ways []*hop
	for i := range sp.stops[s.stop].hops {
		h := &sp.stops[s.stop].hops[i]
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
	if len(ways) == 0 || sp.steps >= fewSteps {
		return nil
	}
	sp.steps++
	slices.SortStableFunc(ways, func(a, b *hop) int { return a.pos - b.pos })
	if sp.passesOn(s.stop) || sp.handsOn(s.stop) {
		return ways[len(ways)-1]
	}
	for _, h := range ways {
		if len(h.via) == 0 && sp.command.named(sp.name(h.to)) {
			return h
		}
	}
	for _, h := range slices.Backward(ways) {
		if len(h.via) > 0 {
			return h
		}
	}
	for _, h := range slices.Backward(ways) {
		if p := sp.stops[h.to]; !p.exe.Func(p.id).Library {
			return h
		}
	}
	return nil
}

// handsOn reports whether a stop is in a literal that stands in a function which
// registers it, as generated handlers do.
func (sp *spine) handsOn(at int) bool {
	p := sp.stops[at]
	f := p.exe.Func(p.id)
	if f.Literal == summary.None {
		return false
	}
	return slices.ContainsFunc(p.exe.Func(f.Literal).Sites, func(s summary.Site) bool {
		return s.Kind == flow.Registration && slices.Contains(s.To, p.id)
	})
}

// passesOn reports whether a stop only hands on what arrived: a generated
// handler, or a literal that stands in a library.
func (sp *spine) passesOn(at int) bool {
	p := sp.stops[at]
	f := p.exe.Func(p.id)
	return f.Library || strings.HasSuffix(f.File, ".pb.go")
}

// plus is the worth of taking h and then going on with v.
func (sp *spine) plus(v worth, s state, h *hop) worth {
	if sp.through(s.seen, h) != s.seen {
		if v.programs == 0 {
			v.lasting = v.cost <= farEffect && !h.reads
		}
		v.programs++
		v.asked += h.asked
		if s.seen == (programs{}).with(sp.program(start)) {
			v.first = h.asked
		}
		v.cost = 0 // only the way to the next program is compared
	}
	v.cost += h.cost + len(h.via)*stepCost
	return v
}

// effect is the cost of ending the spine at a stop.
func (sp *spine) effect(at int) int {
	p := &sp.stops[at]
	best := noEffect
	if p.dead {
		best = 0
	}
	live := p.live()
	for _, e := range p.exe.Func(p.id).Effects {
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
func (sp *spine) values() map[state]worth {
	sets := sp.sets()
	values := map[state]worth{}
	for i := len(sets) - 1; i >= 0; i-- {
		sp.valuesOf(sets[i], values)
	}
	return values
}

// mostSets is how many sets of programs are told apart: more than any route has
// ways through its programs.
const mostSets = 256

// sets is every set of programs that some route has been through, smaller sets
// before those they grow into.
func (sp *spine) sets() []programs {
	seen := map[programs]bool{}
	out := []programs{programs{}.with(sp.program(start))}
	for i := 0; i < len(out) && len(out) < mostSets; i++ {
		for n := range sp.stops {
			if !out[i].has(sp.program(n)) {
				continue
			}
			for j := range sp.stops[n].hops {
				h := &sp.stops[n].hops[j]
				next := sp.through(out[i], h)
				if h.process && next != out[i] && !seen[next] {
					seen[next] = true
					out = append(out, next)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b programs) int { return a.size() - b.size() })
	return out
}

// valuesOf fills the states of one set.
func (sp *spine) valuesOf(seen programs, values map[state]worth) {
	type back struct {
		from int
		h    *hop
	}
	in := map[int][]back{}
	q := &queue{}
	for n := range sp.stops {
		if !seen.has(sp.program(n)) {
			continue
		}
		s := state{n, seen}
		best := worth{cost: sp.effect(n)}
		for i := range sp.stops[n].hops {
			h := &sp.stops[n].hops[i]
			if !sp.allowed(seen, n, h) {
				continue
			}
			next := sp.through(seen, h)
			if next == seen {
				in[h.to] = append(in[h.to], back{n, h})
				continue
			}
			if v, ok := values[state{h.to, next}]; ok {
				if v = sp.plus(v, s, h); v.better(best) {
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
			v := sp.plus(it.worth, state{b.from, seen}, b.h)
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
