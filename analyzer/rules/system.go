package rules

import (
	"fmt"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// joined finds the endpoints without a partner. Of the routes that a rule names the
// program counts, and of the kinds those of crossings.
func (r *Rule) joined(e *flow.Endpoints) []flow.Finding {
	var out []flow.Finding
	add := func(all []flow.Endpoint, what string) {
		for _, x := range all {
			c := flow.Command{Program: x.Program, Kind: x.Kind, Words: strings.Fields(x.Key)}
			if len(x.Peers) > 0 || !r.about(c) {
				continue
			}
			out = append(out, flow.Finding{
				Rule: r.Name, Why: r.Why, Program: x.Program, Route: nameOf(c), Site: x.Site,
				Message: strings.TrimSpace(fmt.Sprintf("%s %s %s: %s", what, x.Kind, flow.Brief(x.Kind, x.Key), x.Reason)),
			})
		}
	}
	if r.Joined != "arrivals" {
		add(e.Departures, "no partner for")
	}
	if r.Joined != "departures" {
		add(e.Arrivals, "nobody asks for")
	}
	return out
}
