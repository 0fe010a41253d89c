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
	Group     bool // one line for all of a program, a kind and a reason
}

// Endpoints writes the departures that found a partner, each with where it
// arrives, then the departures and arrivals that found none, with the reason.
func Endpoints(w io.Writer, e *flow.Endpoints, o EndpointsOptions) error {
	joined, lost := split(e.Departures)
	_, unasked := split(e.Arrivals)
	named := namesOf(e.Programs)
	var rows []row
	if !o.Unmatched {
		if o.Group {
			rows = append(rows, groupRows("departures", joined)...)
		} else {
			rows = append(rows, endpointRows("departures", joined, named)...)
		}
	}
	for _, list := range []struct {
		title string
		all   []flow.Endpoint
	}{{"departures without a partner", lost}, {"arrivals that nothing here calls", unasked}} {
		if o.Group {
			rows = append(rows, groupRows(list.title, list.all)...)
		} else {
			rows = append(rows, endpointRows(list.title, list.all, named)...)
		}
	}
	if o.Unmatched {
		rows = append(rows, row{head: fmt.Sprintf("%s without a partner; %s that nothing here calls",
			count(len(lost), "departure"), count(len(unasked), "arrival"))})
	} else {
		rows = append(rows, row{head: fmt.Sprintf("%d of %s joined; %d of %s called",
			len(joined), count(len(e.Departures), "departure"),
			len(e.Arrivals)-len(unasked), count(len(e.Arrivals), "arrival"))})
	}
	if err := writeRows(w, rows, o.TextOptions); err != nil {
		return err
	}
	if len(e.Idle) > 0 {
		if _, err := fmt.Fprintf(w, "left out: %s in functions that nothing in their program is seen to call (--idle lists them)\n", count(len(e.Idle), "departure")); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, droppedLines(e.Dropped))
	return err
}

// split separates, in order, the endpoints with a partner, or with one that is not
// studied, from those without.
func split(all []flow.Endpoint) (joined, alone []flow.Endpoint) {
	for _, e := range slices.SortedFunc(slices.Values(all), compareEndpoints) {
		if len(e.Peers) > 0 || e.Outside {
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

func endpointRows(title string, all []flow.Endpoint, named names) []row {
	if len(all) == 0 {
		return nil
	}
	rows := []row{{head: title}}
	for _, e := range all {
		r := row{
			what: printable(fmt.Sprintf("%s %s  %s", e.Program, e.Kind, e.Key)),
			site: e.Site, name: flow.ShortIn(named[e.Program], e.Func), note: printable(e.Reason),
		}
		// A departure's variants are those of its partner, an arrival's its own.
		switch {
		case len(e.Peers) > 0:
			r.note = "══▶ " + named.list(e.Peers)
		case e.Outside:
			r.note = outside
		}
		if len(e.Variants) > 0 {
			r.note = strings.TrimSpace(r.note + " or " + named.list(e.Variants))
		}
		rows = append(rows, r)
	}
	return append(rows, row{})
}

// Of a group so many keys are named, each cut to so many characters: a command
// line with all its flags fills lines.
const (
	mostInGroup = 3
	longestKey  = 60
)

// outside is what a departure reaches that ends in a program which is not studied.
const outside = "══▶ outside the system"

func clipped(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// groupRows writes a line for all endpoints of a program and a kind that have
// the same reason, or a partner in the same programs.
func groupRows(title string, all []flow.Endpoint) []row {
	type group struct{ program, kind, note string }
	keys := map[group][]string{}
	var order []group
	for _, e := range all {
		g := group{e.Program, string(e.Kind), printable(e.Reason)}
		if e.Outside {
			g.note = outside
		}
		if len(e.Peers) > 0 {
			var programs []string
			for _, peer := range e.Peers {
				program, _, _ := strings.Cut(peer, " ")
				programs = append(programs, program)
			}
			slices.Sort(programs)
			g.note = "══▶ " + strings.Join(slices.Compact(programs), ", ")
		}
		if keys[g] == nil {
			order = append(order, g)
		}
		keys[g] = append(keys[g], clipped(printable(e.Key), longestKey))
	}
	if len(order) == 0 {
		return nil
	}
	rows := []row{{head: title}}
	for _, g := range order {
		all := slices.Compact(slices.Clone(keys[g]))
		some := all[:min(len(all), mostInGroup)]
		note := g.note
		if note != "" {
			note += ": "
		}
		note += strings.Join(some, ", ")
		if more := len(all) - len(some); more > 0 {
			note += fmt.Sprintf(" and %d more", more)
		}
		rows = append(rows, row{what: fmt.Sprintf("%s %s  %d", g.program, g.kind, len(keys[g])), note: note})
	}
	return append(rows, row{})
}

// names is the import paths of programs by what they are called.
type names map[string]string

func namesOf(programs []flow.Component) names {
	out := names{}
	for _, p := range programs {
		out[p.Name] = p.Package
	}
	return out
}

// list writes other sides, each "program func", for people.
func (n names) list(sides []string) string {
	out := make([]string, len(sides))
	for i, side := range sides {
		program, fn, _ := strings.Cut(side, " ")
		out[i] = strings.TrimSpace(program + " " + flow.ShortIn(n[program], fn))
	}
	return strings.Join(out, ", ")
}
