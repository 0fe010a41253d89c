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
	n := t.Node[t.Spine[i]]
	t.row(place(flow.Site{File: n.File, Line: n.Line}), t.paint.title(t.Name(n))+t.paint.gap(t.notRun(n)))
	for _, c := range n.Code {
		t.below(n, flow.Site{File: n.File, Line: c.Line}, t.paint.aside("│ "+printable(c.Text)))
	}
	for _, e := range n.Does[:min(len(n.Does), maxEffects)] {
		t.below(n, flow.Site{File: n.File, Line: e.Line}, "│ ", e.Verb, " ", printable(e.What))
	}
	if more := len(n.Does) - maxEffects; more > 0 {
		t.below(n, flow.Site{}, t.paint.aside(fmt.Sprintf("│ and %d more", more)))
	}
	if t.options.Tree {
		t.tree(i)
	} else {
		t.fold(i)
	}
	for _, g := range t.GapsAfter[n.ID] {
		t.gap(n, g)
	}
	next := t.Onward(i)
	switch {
	case i+1 == len(t.Spine):
		if t.Cut > 0 {
			t.below(n, flow.Site{}, t.paint.aside("┊ --depth ends the route here, "+count(t.Cut, "step")+" before its end"))
		}
	case next.Kind == "":
		t.below(n, flow.Site{}, t.paint.aside("┊ steps hidden"))
	case next.Kind.Process():
		// The section ends here; leave draws the crossing.
	default:
		t.pass(n, next)
	}
}

// notRun marks a step that did not run, of a route that was run.
func (r *route) notRun(n flow.Node) string {
	if ran, known := r.Observed.Ran(n.ID); known && !ran && n.Decl == "" {
		return "  did not run this time"
	}
	return ""
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
	n := t.Node[t.Spine[i]]
	answers, others := t.Branches(i)
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
	for _, e := range answers[:min(len(answers), maxAnswers)] {
		to := t.Node[e.To]
		t.below(n, e.Site, "├ or ", t.label(e), t.Name(to), indent,
			t.paint.place(place(flow.Site{File: to.File, Line: to.Line})))
	}
	if more := len(answers) - maxAnswers; more > 0 {
		t.below(n, flow.Site{}, "├ or ", count(more, "more answer"))
	}
}

// label is which answer e is, unless that is only the name of its target.
func (r *route) label(e flow.Edge) string {
	if e.Label == "" || e.Label == r.Node[e.To].Func {
		return ""
	}
	return printable(e.Label) + ": "
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
	if label := t.label(e); label != "" {
		say("│ taken here: ", strings.TrimSuffix(label, ": "))
	}
	switch {
	case e.Kind.Crossing():
		say(t.paint.crossing("╞══ " + described(e) + " ══▶"))
	case e.Kind != flow.Call:
		say("│ ", described(e))
	case e.Detail != "":
		say("│ ", printable(e.Detail))
	}
	for _, where := range t.registered(e) {
		t.below(n, flow.Site{}, "│ ", where)
	}
	if e.Skipped > 0 {
		t.below(n, flow.Site{}, t.paint.aside("┊ "+count(e.Skipped, "step")+" hidden"))
	}
}

// leave writes a crossing into another process, at the left margin.
func (t *text) leave(e flow.Edge) {
	to := t.Node[e.To].Component
	head := "══ " + described(e) + " "
	bar := max(2, t.options.Width-columns(head)-columns("▶ "+to))
	t.line()
	t.line(t.paint.crossing(head+strings.Repeat("═", bar)+"▶ "), t.paint.program(to))
	if label := t.label(e); label != "" {
		t.line(indent, " taken here: ", strings.TrimSuffix(label, ": "))
	}
	for _, cond := range e.Under {
		t.line(indent, " ", printable(cond))
	}
	if brief := flow.Brief(e.Kind, e.Detail); brief != e.Detail {
		t.line(indent, " in full: ", printable(e.Detail))
	}
	if e.Site.File != "" {
		t.line(indent, " from ", t.paint.place(place(e.Site)))
	}
	for _, where := range t.registered(e) {
		t.line(indent, " ", where)
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
		parts = append(parts, flow.Brief(e.Kind, e.Detail))
	}
	if e.Candidates > 1 {
		parts = append(parts, fmt.Sprintf("(1 of %d)", e.Candidates))
	}
	return printable(strings.Join(parts, " "))
}

// registered tells where the target of e was registered, a line for each
// place. What a crossing has told, the call after it need not repeat.
func (t *text) registered(e flow.Edge) []string {
	var lines []string
	lead := "registered at "
	for _, reg := range e.Registered {
		key := t.Node[e.To].Component + " " + place(reg.Site)
		if t.told[key] {
			continue
		}
		t.told[key] = true
		line := lead + t.paint.place(place(reg.Site))
		if reg.Node != nil {
			if n, ok := t.Node[*reg.Node]; ok {
				line += " in " + t.Name(n)
			}
		}
		lines = append(lines, line)
		lead = "       and at "
	}
	return lines
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
