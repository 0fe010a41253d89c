package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

const indent = "  "

// step writes the i-th node of the spine and how control leaves it. A plain
// call to the next step needs no words.
func (t *text) step(i int) {
	n := t.node[t.Spine[i]]
	t.row(place(flow.Site{File: n.File, Line: n.Line}), t.paint.title(t.name(n)))
	for _, c := range n.Code {
		t.below(n, flow.Site{File: n.File, Line: c.Line}, t.paint.aside("│ "+printable(c.Text)))
	}
	if t.options.Tree {
		t.tree(i)
	} else {
		t.fold(i)
	}
	for _, g := range t.gaps[n.ID] {
		t.gap(n, g)
	}
	next := t.next(i)
	switch {
	case i+1 == len(t.Spine):
	case next.Kind == "":
		t.below(n, flow.Site{}, t.paint.aside("┊ steps hidden"))
	case next.Kind.Process():
		// The section ends here; leave draws the crossing.
	default:
		t.pass(n, next)
	}
}

// row writes a place, then text in the column of functions.
func (t *text) row(where, what string) {
	t.line(indent, t.paint.place(where), strings.Repeat(" ", max(0, t.place-columns(where))), indent, what)
}

// below writes a line that belongs to the step n. A site in n's own file shows
// only its line number, under that of n; no file, no number.
func (t *text) below(n flow.Node, at flow.Site, what ...string) {
	where := ""
	switch at.File {
	case "":
	case n.File:
		where = strings.Repeat(" ", columns(n.File)) + fmt.Sprintf(":%d", at.Line)
	default:
		where = place(at)
	}
	own := columns(place(flow.Site{File: n.File, Line: n.Line}))
	gap := max(t.place, own) - columns(where)
	t.line(indent, t.paint.place(where), strings.Repeat(" ", max(0, gap)), indent, strings.Join(what, ""))
}

// fold writes one line for all calls of the i-th step that the spine does not
// take, and one for each other true answer.
func (t *text) fold(i int) {
	n := t.node[t.Spine[i]]
	answers, others := t.branches(i)
	if len(others) > 0 {
		what := fmt.Sprintf("│ + %s", count(len(others), "more call"))
		beyond := t.beyond(others)
		if beyond.functions > len(others) {
			what += fmt.Sprintf(", %s below", count(beyond.functions, "function"))
		}
		if beyond.crossings.n > 0 {
			what += ", " + beyond.crossings.String()
		}
		if beyond.gaps > 0 {
			what += ", " + count(beyond.gaps, "gap")
		}
		t.below(n, flow.Site{}, t.paint.aside(what))
	}
	for _, e := range answers {
		to := t.node[e.To]
		t.below(n, e.Site, fmt.Sprintf("├ or %s: %s  ", e.Label, t.name(to)),
			t.paint.place(place(flow.Site{File: to.File, Line: to.Line})))
	}
}

// pass writes what there is to say about an edge inside one process.
func (t *text) pass(n flow.Node, e flow.Edge) {
	at := e.Site
	say := func(what ...string) {
		t.below(n, at, what...)
		at = flow.Site{}
	}
	for _, cond := range e.Under {
		say("│ ", printable(cond))
	}
	if e.Label != "" {
		say("│ taken here: ", e.Label)
	}
	switch {
	case e.Kind.Crossing():
		say(t.paint.crossing("╞══ " + described(e) + " ══▶"))
	case e.Kind != flow.Call:
		say("│ ", described(e))
	case e.Detail != "":
		say("│ ", printable(e.Detail))
	}
	for _, reg := range e.Registered {
		t.below(n, flow.Site{}, "│ ", t.registered(reg))
	}
}

// leave writes a crossing into another process, at the left margin.
func (t *text) leave(e flow.Edge) {
	to := t.node[e.To].Component
	head := "══ " + described(e) + " "
	bar := max(2, t.options.Width-columns(head)-columns("▶ "+to))
	t.line()
	t.line(t.paint.crossing(head+strings.Repeat("═", bar)+"▶ "), t.paint.program(to))
	if e.Label != "" {
		t.line(indent, " taken here: ", e.Label)
	}
	for _, cond := range e.Under {
		t.line(indent, " ", printable(cond))
	}
	if e.Site.File != "" {
		t.line(indent, " from ", t.paint.place(place(e.Site)))
	}
	for _, reg := range e.Registered {
		t.line(indent, " ", t.registered(reg))
	}
}

// described names an edge's kind, what it goes through, and whether the site
// had other answers.
func described(e flow.Edge) string {
	words := map[flow.Kind]string{flow.Go: "go statement", flow.Defer: "deferred", "": "steps hidden"}
	kind := cmp.Or(words[e.Kind], string(e.Kind))
	if e.Kind.Crossing() && e.Detail != "" {
		kind += " " // the detail is a key, set apart from the kind
	}
	parts := []string{kind}
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	if e.Candidates > 1 {
		parts = append(parts, fmt.Sprintf("(1 of %d)", e.Candidates))
	}
	return printable(strings.Join(parts, " "))
}

func (t *text) registered(reg flow.Registered) string {
	what := "registered at " + t.paint.place(place(reg.Site))
	if reg.Node != nil {
		if n, ok := t.node[*reg.Node]; ok {
			what += " in " + t.name(n)
		}
	}
	return what
}

func (t *text) gap(n flow.Node, g flow.Gap) {
	t.below(n, g.Site, t.paint.gap(gapTitle(g)))
	t.below(n, flow.Site{}, "  ", printable(g.Reason))
	if g.Hint != "" {
		t.below(n, flow.Site{}, "  add to callroute.yaml: ", g.Hint)
	}
}

func gapTitle(g flow.Gap) string {
	title := "╳ gap  " + string(g.Kind)
	if g.Detail != "" {
		title += "  " + g.Detail
	}
	return printable(title)
}
