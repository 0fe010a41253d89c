package report

import (
	"encoding/json"
	"io"

	"github.com/callroute/callroute/analyzer/flow"
)

// JSON writes a result as the programs that read it expect it: lists are never
// null, and routes and type arguments keep their angle brackets.
func JSON[T *flow.Flow | *flow.Touch | *flow.Accesses | *flow.Value | *flow.Endpoints | []flow.Command | *flow.Callers | *flow.Path | *flow.Diff | *flow.Check](w io.Writer, result T) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(listed(result))
}

// listed returns a copy of result in which required lists are not nil.
func listed(result any) any {
	switch r := result.(type) {
	case *flow.Flow:
		f := *r
		f.Command = orEmpty(f.Command)
		f.Components = orEmpty(f.Components)
		f.Nodes = orEmpty(f.Nodes)
		f.Edges = orEmpty(f.Edges)
		f.Spine = orEmpty(f.Spine)
		f.Gaps = orEmpty(f.Gaps)
		if f.Observed != nil {
			o := *f.Observed
			o.Command, o.Processes, o.Nodes = orEmpty(o.Command), orEmpty(o.Processes), orEmpty(o.Nodes)
			o.NotRun, o.Missed, o.Unjoined, o.Effects = orEmpty(o.NotRun), orEmpty(o.Missed), orEmpty(o.Unjoined), orEmpty(o.Effects)
			f.Observed = &o
		}
		return f
	case *flow.Endpoints:
		e := *r
		e.Departures = listedEndpoints(e.Departures)
		e.Arrivals = listedEndpoints(e.Arrivals)
		return e
	case []flow.Command:
		commands := make([]flow.Command, len(r))
		for i, c := range r {
			c.Words = orEmpty(c.Words)
			commands[i] = c
		}
		return commands
	}
	return result
}

func listedEndpoints(all []flow.Endpoint) []flow.Endpoint {
	copied := make([]flow.Endpoint, len(all))
	for i, e := range all {
		e.Peers = orEmpty(e.Peers)
		copied[i] = e
	}
	return copied
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
