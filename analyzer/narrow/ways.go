package narrow

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
// is gone: one to each node that remains behind it, over the fewest functions.
func (w *ways) over(i int, gone map[int]bool) []flow.Edge {
	first := w.flow.Edges[i]
	skipped := map[int]int{first.To: 1} // functions passed, by the last of them
	reached := map[int]bool{}
	var out []flow.Edge
	for queue := []int{first.To}; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		for _, k := range w.out[n] {
			to := w.flow.Edges[k].To
			switch {
			case gone[to] && skipped[to] == 0:
				skipped[to] = skipped[n] + 1
				queue = append(queue, to)
			case !gone[to] && !reached[to]:
				reached[to] = true
				out = append(out, w.stretched(i, to, skipped[n]))
			}
		}
	}
	return out
}

// stretched is edge i with another target behind the one it had. Its label may
// only have named that one.
func (w *ways) stretched(i, to, skipped int) flow.Edge {
	e := w.flow.Edges[i]
	if e.Label == w.name[e.To] {
		e.Label = ""
	}
	e.To, e.Skipped, e.Registered = to, e.Skipped+skipped, nil
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
// not passed. A crossing that names its origins is only taken by a way that has
// passed one of them: what is sent was decided there.
func (w *ways) cheapest(spine []int, from int, goals, avoid map[int]bool) []int {
	follows := map[[2]int]bool{}
	for i := 1; i < len(spine); i++ {
		follows[[2]int{spine[i-1], spine[i]}] = true
	}
	origin := map[int]bool{}
	for _, e := range w.flow.Edges {
		for _, o := range e.Origins {
			origin[o] = true
		}
	}
	// at is a node, and the origin that the way to it has passed last.
	type at struct{ node, origin int }
	enter := func(n, passed int) at {
		if origin[n] {
			passed = n
		}
		return at{n, passed}
	}
	start := enter(from, 0)
	before := map[at]at{start: {}}
	steps := func(a at, onSpine bool) []at {
		var out []at
		for _, i := range w.out[a.node] {
			e := &w.flow.Edges[i]
			follow := follows[[2]int{e.From, e.To}]
			if avoid[e.To] || follow != onSpine || !follow && len(e.Origins) > 0 && !slices.Contains(e.Origins, a.origin) {
				continue
			}
			passed := a.origin
			if e.Kind.Process() {
				passed = 0
			}
			next := enter(e.To, passed)
			if _, seen := before[next]; !seen {
				before[next] = a
				out = append(out, next)
			}
		}
		return out
	}
	for level := []at{start}; len(level) > 0; {
		for i := 0; i < len(level); i++ {
			if goals[level[i].node] {
				var out []int
				for a := level[i]; a.node != 0; a = before[a] {
					out = append(out, a.node)
				}
				slices.Reverse(out)
				return out
			}
			level = append(level, steps(level[i], true)...)
		}
		var further []at
		for _, a := range level {
			further = append(further, steps(a, false)...)
		}
		level = further
	}
	return nil
}

func set(nodes []int) map[int]bool {
	out := map[int]bool{}
	for _, n := range nodes {
		out[n] = true
	}
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
