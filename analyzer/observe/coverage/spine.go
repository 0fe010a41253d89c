package coverage

import (
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/observe"
)

// The classes of steps that did not run.
const (
	follows     = "the step before it did not run"
	otherAnswer = "another answer of the call ran"
	noProcess   = "its process did not run"
	condition   = "a condition was not met"
	notCalled   = "it was not called"
)

// spine looks at the steps of the spine, and at the crossings among them.
func (c *cover) spine(o *flow.Observed) {
	r, err := flow.NewRoute(c.flow)
	if err != nil {
		return
	}
	times := c.times()
	o.NotRun = []flow.NotRun{}
	last := int64(-1 << 62)
	for i, id := range r.Spine {
		ran := len(times[id]) > 0
		count(&o.Steps, ran || r.Node[id].Decl != "")
		if !ran && r.Node[id].Decl == "" {
			o.NotRun = append(o.NotRun, flow.NotRun{Node: id, Class: c.why(r, i, times)})
		}
		if i == 0 || !r.Onward(i-1).Kind.Process() {
			continue
		}
		at, later := entered(r, i, times, last)
		count(&o.Crossings, later)
		if later {
			last = at
		}
	}
}

// entered is when the process was entered to which the spine crosses with its i-th step,
// after a moment. A function that serves several kinds of requests may have been entered
// first for another one: then the next of the route's own tells.
func entered(r *flow.Route, i int, times map[int][]int64, after int64) (at int64, ok bool) {
	for j := i; j < len(r.Spine) && (j == i || !r.Onward(j-1).Kind.Process()); j++ {
		for _, at := range times[r.Spine[j]] {
			if at > after {
				return at, true
			}
		}
	}
	return 0, false
}

// times are when each node was entered first in each process, in order.
func (c *cover) times() map[int][]int64 {
	out := map[int][]int64{}
	for p := range c.first {
		for f, k := range c.first[p] {
			if n := c.node(f); n != 0 {
				out[n] = append(out[n], k.At)
			}
		}
	}
	for _, at := range out {
		slices.Sort(at)
	}
	return out
}

// why is the class of the i-th step, which did not run.
func (c *cover) why(r *flow.Route, i int, times map[int][]int64) string {
	if i == 0 {
		return notCalled
	}
	before := r.Spine[i-1]
	if len(times[before]) == 0 && r.Node[before].Decl == "" {
		return follows
	}
	onward := r.Onward(i - 1)
	for _, e := range r.Out[before] {
		if e.To != r.Spine[i] && e.Site == onward.Site && len(times[e.To]) > 0 {
			return otherAnswer
		}
	}
	switch {
	case onward.Kind.Process() && !slices.ContainsFunc(c.run.Functions, func(f observe.Function) bool {
		return c.component[f.Program] == r.Node[r.Spine[i]].Component
	}):
		return noProcess
	case len(onward.Under) > 0:
		return condition
	}
	return notCalled
}
