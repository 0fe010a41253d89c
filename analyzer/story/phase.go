package story

import (
	"cmp"
	"container/heap"
	"slices"
)

// phase is the visits of one process between its entry and its crossings.
type phase struct {
	graph   *Graph
	entry   int
	best    map[int]arrival
	moments []Moment // in the order in which they are come to, without their ways
}

// arrival is the best way to a visit, by its last step.
type arrival struct {
	Terms
	steps int
	from  int // visit, None at the entry
	call  int // place in its Calls
}

func (a arrival) compare(b arrival) int {
	return cmp.Or(a.Terms.compare(b.Terms), cmp.Compare(a.steps, b.steps))
}

// phase finds the moments of the phase that begins with a visit.
func (t *teller) phase(entry int) *phase {
	if p, ok := t.told[entry]; ok {
		return p
	}
	p := &phase{graph: t.graph, entry: entry}
	t.told[entry] = p
	p.search()
	p.collect()
	p.settle(t.surely(entry))
	return p
}

// search finds the best way to each visit: Dijkstra's algorithm over terms, of which
// each step adds some.
func (p *phase) search() {
	p.best = map[int]arrival{p.entry: {from: None, call: None}}
	queue := &arrivals{{p.entry, p.best[p.entry]}}
	for queue.Len() > 0 {
		at := heap.Pop(queue).(queued)
		if at.arrival != p.best[at.visit] {
			continue
		}
		for _, i := range p.order(at.visit) {
			c := &p.graph.Visits[at.visit].Calls[i]
			if c.Leaves {
				continue
			}
			next := arrival{at.with(c.Terms), at.steps + 1, at.visit, i}
			if known, ok := p.best[c.To]; !ok || next.compare(known) < 0 {
				p.best[c.To] = next
				heap.Push(queue, queued{c.To, next})
			}
		}
	}
}

// order is the calls of a visit as they run: in the order in which they are
// written, what is deferred at the end. Of several answers of one call the first is
// the first that is listed.
func (p *phase) order(visit int) []int {
	calls := p.graph.Visits[visit].Calls
	out := make([]int, len(calls))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(calls[a].Pos, calls[b].Pos) })
	return out
}

// collect lists the moments in the order in which a run comes to them: each function
// where it is first called.
func (p *phase) collect() {
	type frame struct {
		visit  int
		events []event
	}
	seen := map[int]bool{p.entry: true}
	stack := []frame{{p.entry, p.events(p.entry)}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.events) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		e := top.events[0]
		top.events = top.events[1:]
		v := &p.graph.Visits[top.visit]
		if e.effect != None {
			p.moments = append(p.moments, Moment{Visit: top.visit, Call: None, Effect: e.effect, Terms: p.best[top.visit].with(v.Effects[e.effect].Terms)})
			continue
		}
		c := &v.Calls[e.call]
		switch {
		case c.Leaves:
			p.moments = append(p.moments, Moment{Visit: top.visit, Call: e.call, Effect: None, Terms: p.best[top.visit].with(c.Terms)})
		case !seen[c.To]:
			seen[c.To] = true
			stack = append(stack, frame{c.To, p.events(c.To)})
		}
	}
}

// settle gives the moments that cross to what is crossed to in any case the terms of
// that: it is sure that one of them is come to.
func (p *phase) settle(surely map[int]bool) {
	ways := map[int]int{} // to each entry
	for i := range p.moments {
		m := &p.moments[i]
		m.way = m.Terms
		if m.Call != None && m.runs() {
			ways[p.graph.Visits[m.Visit].Calls[m.Call].To]++
		}
	}
	for i := range p.moments {
		m := &p.moments[i]
		if m.Call == None || !m.runs() || m.Open == 0 {
			continue
		}
		to := p.graph.Visits[m.Visit].Calls[m.Call].To
		if !surely[to] {
			continue
		}
		m.all, m.Open, m.Special = true, 0, 0
		if ways[to] > 1 {
			m.Choices++
		}
	}
}

// event is a call or an effect of a visit; the other one is None.
type event struct{ pos, call, effect int }

// events is what a visit does, in the order in which it is written.
func (p *phase) events(visit int) []event {
	v := &p.graph.Visits[visit]
	var out []event
	for i := range v.Effects {
		out = append(out, event{v.Effects[i].Pos, None, i})
	}
	for _, i := range p.order(visit) {
		out = append(out, event{v.Calls[i].Pos, i, None})
	}
	slices.SortStableFunc(out, func(a, b event) int { return cmp.Compare(a.pos, b.pos) })
	return out
}

// place is the place of a moment among the phase's, None for nil.
func (p *phase) place(m *Moment) int {
	for i := range p.moments {
		if &p.moments[i] == m {
			return i
		}
	}
	return None
}

// way is the best way to a visit.
func (p *phase) way(visit int) []Step {
	out := []Step{}
	for a := p.best[visit]; a.from != None; a = p.best[a.from] {
		out = append(out, Step{a.from, a.call})
	}
	slices.Reverse(out)
	return out
}

// instead reports whether two moments are come to by two answers of one call.
func (p *phase) instead(a, b *Moment) bool {
	x, y := append(p.way(a.Visit), Step{a.Visit, a.Call}), append(p.way(b.Visit), Step{b.Visit, b.Call})
	for i := range min(len(x), len(y)) {
		if x[i] == y[i] {
			continue
		}
		calls := p.graph.Visits[x[i].Visit].Calls
		return x[i].Visit == y[i].Visit && x[i].Call != None && y[i].Call != None && calls[x[i].Call].Pos == calls[y[i].Call].Pos
	}
	return false
}

// choice is the last step on the way to a moment that is one of several answers of a
// call, none where there is no such step.
func (p *phase) choice(m *Moment) (Step, bool) {
	for _, s := range slices.Backward(append(p.way(m.Visit), Step{m.Visit, m.Call})) {
		if s.Call != None && p.graph.Visits[s.Visit].Calls[s.Call].Choices > 0 {
			return s, true
		}
	}
	return Step{}, false
}

// carries is how many arguments the call has that enters the function in which a
// crossing is decided.
func (p *phase) carries(m *Moment) int {
	if a := p.best[m.Visit]; a.from != None {
		return p.graph.Visits[a.from].Calls[a.call].Carries
	}
	return 0
}

// asks reports whether the phase surely asks a program for something.
func (p *phase) asks(program int) bool {
	return slices.ContainsFunc(p.moments, func(m Moment) bool {
		if m.Call == None || !m.Sure() {
			return false
		}
		c := &p.graph.Visits[m.Visit].Calls[m.Call]
		return !c.Starts && p.graph.Visits[c.To].Program == program
	})
}

// arrivals is a heap of ways to visits, the best first and equal ones by visit.
type arrivals []queued

type queued struct {
	visit int
	arrival
}

func (q arrivals) Len() int { return len(q) }
func (q arrivals) Less(i, j int) bool {
	return cmp.Or(q[i].compare(q[j].arrival), cmp.Compare(q[i].visit, q[j].visit)) < 0
}
func (q arrivals) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *arrivals) Push(x any) { *q = append(*q, x.(queued)) }

// Pop implements heap.Interface.
func (q *arrivals) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
