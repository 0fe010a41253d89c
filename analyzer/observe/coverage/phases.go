package coverage

import (
	"slices"

	"github.com/callroute/callroute/analyzer/flow"
)

// phases looks at the moments that are told to come always, in the phases that were
// entered: each function on the way there has to have run, and what the crossing
// arrives at.
func (c *cover) phases(o *flow.Observed) {
	times := c.times()
	ran := func(id int) bool { return len(times[id]) > 0 }
	for _, p := range c.flow.Phases {
		if !ran(p.Entry) {
			continue
		}
		for _, m := range p.Moments {
			if m.When != flow.Always || m.Repeated || m.Special {
				continue
			}
			count(&o.Moments, !slices.ContainsFunc(m.Way, func(id int) bool { return !ran(id) }) && (m.To == 0 || ran(m.To)))
		}
	}
}
