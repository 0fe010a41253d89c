package walk

import (
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
)

// ways is the edges of a flow by the nodes they join.
type ways struct {
	flow    *flow.Flow
	out, in map[int][]int // places in Flow.Edges, by node
	name    map[int]string
}

func waysOf(f *flow.Flow) *ways {
	w := &ways{f, map[int][]int{}, map[int][]int{}, map[int]string{}}
	for _, n := range f.Nodes {
		w.name[n.ID] = n.Func
	}
	for i, e := range f.Edges {
		w.out[e.From] = append(w.out[e.From], i)
		w.in[e.To] = append(w.in[e.To], i)
	}
	return w
}

// next is the nodes that n leads to.
func (w *ways) next(n int) []int {
	var out []int
	for _, i := range w.out[n] {
		out = append(out, w.flow.Edges[i].To)
	}
	return out
}

// previous is the nodes that lead to n.
func (w *ways) previous(n int) []int {
	var out []int
	for _, i := range w.in[n] {
		out = append(out, w.flow.Edges[i].From)
	}
	return out
}

// spread is the nodes from, and all that next leads to from there.
func spread(from []int, next func(int) []int) map[int]bool {
	seen := map[int]bool{}
	work := slices.Clone(from)
	for len(work) > 0 {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		if !seen[n] {
			seen[n] = true
			work = append(work, next(n)...)
		}
	}
	return seen
}

func without(nodes []int, gone map[int]bool) []int {
	return slices.DeleteFunc(nodes, func(n int) bool { return gone[n] })
}

// registering is the nodes on no way from the root (those in reached are) that
// lead to where the target of an edge between kept nodes was registered, as far
// as they may stay.
func (w *ways) registering(reached map[int]bool, kept, stay func(int) bool) map[int]bool {
	aside := func(n int) bool { return !reached[n] && stay(n) }
	var places []int
	for _, e := range w.flow.Edges {
		if !kept(e.From) || !kept(e.To) {
			continue
		}
		for _, r := range e.Registered {
			if r.Node != nil && aside(*r.Node) {
				places = append(places, *r.Node)
			}
		}
	}
	return spread(places, func(n int) []int {
		return slices.DeleteFunc(w.previous(n), func(p int) bool { return !aside(p) })
	})
}

// over is the edges that take the place of edge i, which leads to a node that
// is gone: one to each node that remains behind it.
func (w *ways) over(i int, gone map[int]bool) []flow.Edge {
	first := w.flow.Edges[i]
	tells := map[int]int{first.To: i} // the edge whose words are kept, by node passed
	queue := []int{first.To}
	reached := map[int]bool{}
	var out []flow.Edge
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, k := range w.out[n] {
			to, told := w.flow.Edges[k].To, tells[n]
			if weight(w.flow.Edges[k].Kind) > weight(w.flow.Edges[told].Kind) {
				told = k
			}
			if gone[to] {
				if _, ok := tells[to]; !ok {
					tells[to] = told
					queue = append(queue, to)
				}
				continue
			}
			if !reached[to] {
				reached[to] = true
				out = append(out, w.stretched(told, first.From, to))
			}
		}
	}
	return out
}

// weight orders kinds by how much it matters that an edge goes over one.
func weight(k flow.Kind) int {
	switch {
	case k.Process():
		return 2
	case k.Crossing():
		return 1
	}
	return 0
}

// stretched is edge i between other nodes. Its label may only have named the
// target it had.
func (w *ways) stretched(i, from, to int) flow.Edge {
	e := w.flow.Edges[i]
	if e.Label == w.name[e.To] {
		e.Label = ""
	}
	e.From, e.To = from, to
	e.Rule += "+hidden"
	return e
}

// before is the nearest node above n that is not gone, 0 for none.
func (w *ways) before(n int, gone map[int]bool) int {
	seen := map[int]bool{n: true}
	for queue := []int{n}; len(queue) > 0; queue = queue[1:] {
		for _, p := range w.previous(queue[0]) {
			if !gone[p] {
				return p
			}
			if !seen[p] {
				seen[p] = true
				queue = append(queue, p)
			}
		}
	}
	return 0
}

// cheapest is a way from a node to one of the goals, nil for none: with the
// fewest steps off the spine, then the one written first. Nodes in avoid are
// not passed.
func (w *ways) cheapest(spine []int, from int, goals, avoid map[int]bool) []int {
	follows := map[[2]int]bool{}
	for i := 1; i < len(spine); i++ {
		follows[[2]int{spine[i-1], spine[i]}] = true
	}
	before := map[int]int{from: 0}
	fresh := func(n int) bool {
		_, seen := before[n]
		return !seen && !avoid[n]
	}
	for level := []int{from}; len(level) > 0; {
		for i := 0; i < len(level); i++ {
			n := level[i]
			if goals[n] {
				return trail(before, n)
			}
			for _, to := range w.next(n) {
				if fresh(to) && follows[[2]int{n, to}] {
					before[to] = n
					level = append(level, to)
				}
			}
		}
		var further []int
		for _, n := range level {
			for _, to := range w.next(n) {
				if fresh(to) {
					before[to] = n
					further = append(further, to)
				}
			}
		}
		level = further
	}
	return nil
}

// trail is the nodes up to n, the first having 0 before it.
func trail(before map[int]int, n int) []int {
	var out []int
	for ; n != 0; n = before[n] {
		out = append(out, n)
	}
	slices.Reverse(out)
	return out
}

// reroute is the spine of f, which has lost nodes that spine names: it begins
// with start and takes the cheapest way to what is left of spine, again and
// again. Where there is none it goes back a step, but not into start.
func reroute(f *flow.Flow, start, spine []int) []int {
	if f.Root == 0 {
		return []int{}
	}
	out := slices.Clone(start)
	w := waysOf(f)
	rest := slices.DeleteFunc(slices.Clone(spine), func(n int) bool { return w.name[n] == "" || slices.Contains(out, n) })
	for len(rest) > 0 {
		var way []int
		last := len(out) - 1
		for ; last >= len(start)-1 && way == nil; last-- {
			way = w.cheapest(spine, out[last], set(rest), set(out[:last]))
		}
		if way == nil {
			break
		}
		out = append(out[:last+1], way...)
		rest = rest[slices.Index(rest, out[len(out)-1])+1:]
	}
	return out
}
