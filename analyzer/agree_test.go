package analyzer_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// disagreements holds a trace against the endpoints of the same system: what
// meets in the one meets in the other.
func disagreements(f *flow.Flow, e *flow.Endpoints) []string {
	var out []string
	nodes := map[int]flow.Node{}
	for _, n := range f.Nodes {
		nodes[n.ID] = n
	}
	all := slices.Concat(e.Departures, e.Idle)
	for _, edge := range f.Edges {
		if !edge.Kind.Process() || edge.Kind.Later() {
			continue
		}
		to := nodes[edge.To]
		origins := append([]int{edge.From}, edge.Origins...)
		peer := to.Component
		if edge.Kind != flow.Exec {
			peer += " " + to.Func
		}
		if !slices.ContainsFunc(all, func(d flow.Endpoint) bool {
			return d.Kind == edge.Kind && slices.Contains(slices.Concat(d.Peers, d.Variants), peer) && slices.ContainsFunc(origins, func(id int) bool {
				return d.Program == nodes[id].Component && d.Func == nodes[id].Func
			})
		}) {
			from := nodes[edge.From]
			out = append(out, fmt.Sprintf("the trace joins %s %s with %s by %s %s, endpoints does not", from.Component, from.Func, peer, edge.Kind, edge.Detail))
		}
	}
	for _, g := range f.Gaps {
		if !g.Kind.Process() || !strings.HasPrefix(g.Reason, "no program under study") {
			continue
		}
		for _, d := range all {
			if d.Kind == g.Kind && d.Program == nodes[g.After].Component && d.Key == g.Detail && d.Site.File == g.Site.File && d.Site.Line == g.Site.Line && len(d.Peers) > 0 {
				out = append(out, fmt.Sprintf("%s %s of %s is a gap in the trace, and endpoints joins it with %s", g.Kind, g.Detail, d.Program, strings.Join(d.Peers, ", ")))
			}
		}
	}
	return out
}
