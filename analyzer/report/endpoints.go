package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// EndpointsOptions says which endpoints are shown and how.
type EndpointsOptions struct {
	TextOptions
	Unmatched bool // only those without a partner
}

// Endpoints writes the departures that found a partner, each with where it
// arrives, then the departures and arrivals that found none, with the reason.
func Endpoints(w io.Writer, e *flow.Endpoints, o EndpointsOptions) error {
	joined, lost := split(e.Departures)
	_, unasked := split(e.Arrivals)
	var rows []row
	if !o.Unmatched {
		rows = append(rows, endpointRows("departures", joined)...)
	}
	rows = append(rows, endpointRows("departures without a partner", lost)...)
	rows = append(rows, endpointRows("arrivals that nothing here calls", unasked)...)
	rows = append(rows, row{head: fmt.Sprintf("%d of %s joined; %d of %s called",
		len(joined), count(len(e.Departures), "departure"),
		len(e.Arrivals)-len(unasked), count(len(e.Arrivals), "arrival"))})
	if err := writeRows(w, rows, o.TextOptions); err != nil {
		return err
	}
	_, err := io.WriteString(w, droppedLines(e.Dropped))
	return err
}

// split separates, in order, the endpoints with a partner from those without.
func split(all []flow.Endpoint) (joined, alone []flow.Endpoint) {
	for _, e := range slices.SortedFunc(slices.Values(all), compareEndpoints) {
		if len(e.Peers) > 0 {
			joined = append(joined, e)
		} else {
			alone = append(alone, e)
		}
	}
	return joined, alone
}

func compareEndpoints(a, b flow.Endpoint) int {
	return cmp.Or(
		strings.Compare(a.Program, b.Program),
		strings.Compare(string(a.Kind), string(b.Kind)),
		strings.Compare(a.Key, b.Key),
		flow.CompareSites(a.Site, b.Site),
		strings.Compare(a.Func, b.Func),
	)
}

func endpointRows(title string, all []flow.Endpoint) []row {
	if len(all) == 0 {
		return nil
	}
	rows := []row{{head: title}}
	for _, e := range all {
		r := row{
			what: printable(fmt.Sprintf("%s %s  %s", e.Program, e.Kind, e.Key)),
			site: e.Site, name: flow.Short(e.Func), note: printable(e.Reason),
		}
		if len(e.Peers) > 0 {
			peers := make([]string, len(e.Peers))
			for i, peer := range e.Peers {
				program, fn, _ := strings.Cut(peer, " ")
				peers[i] = strings.TrimSpace(program + " " + flow.Short(fn))
			}
			r.note = "══▶ " + strings.Join(peers, ", ")
		}
		rows = append(rows, r)
	}
	return append(rows, row{})
}
