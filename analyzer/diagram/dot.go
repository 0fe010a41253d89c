package diagram

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Longest texts in a picture, in runes. The whole text is in the tooltip.
const (
	longestName  = 44
	longestPlace = 52
	longestWords = 38
	longestNote  = 46
	longestSent  = 44
	mostLeaving  = 5 // lines in a note
)

// colors of the lanes: background, border. Pale enough for black text on them.
var colors = [][2]string{
	{"#eef4fd", "#3567a8"},
	{"#fdf2e9", "#b0621c"},
	{"#edf7ee", "#39803f"},
	{"#f6effa", "#7c4a98"},
	{"#fdeef0", "#ab3a4a"},
	{"#eef7f8", "#2b7a83"},
	{"#f7f5e8", "#857423"},
}

// fontName is a font whose letters all have the width that Graphviz takes for
// them, in whatever font of fixed width they are shown in the end.
const fontName = "Courier"

// wideFrom is the number of functions from which on calls go from left to right
// and the lanes lie below each other: a tree with many leaves is tall rather
// than wide, as a page is.
const wideFrom = 60

const (
	spineLine = "#1c1c1c"
	otherLine = "#9a9a9a"
	gapLine   = "#c0392b"
)

// DOT writes the picture of f for Graphviz: a lane for each program from left
// to right, the functions of each from top to bottom. Calls are solid,
// interface calls dashed, crossings bold with what crosses; the spine is dark,
// the rest grey; a gap is a red note.
func DOT(w io.Writer, f *flow.Flow, o Options) error {
	p, err := pick(f, o)
	if err != nil {
		return err
	}
	d := dot{picture: p, options: o}
	d.graph()
	_, err = w.Write(d.out.Bytes())
	return err
}

type dot struct {
	*picture
	options Options
	out     bytes.Buffer
}

func (d *dot) line(format string, args ...any) { fmt.Fprintf(&d.out, format+"\n", args...) }

func (d *dot) graph() {
	d.line("digraph %s {", quoted(d.title()))
	direction, gaps := "TB", "nodesep=0.3, ranksep=0.36"
	if d.wide() {
		direction, gaps = "LR", "nodesep=0.12, ranksep=0.6"
	}
	d.line("  graph [rankdir=%s, newrank=true, bgcolor=white, fontname=%s, fontsize=13, %s,", direction, quoted(fontName), gaps)
	d.line("    pad=0.3, labelloc=t, labeljust=l, tooltip=%s,", quoted(d.title()))
	d.line("    label=<<b>%s</b><br align=\"left\"/><font point-size=\"10\" color=\"#666666\">%s</font><br align=\"left\"/>>];",
		escaped(d.title()), escaped(d.caption()))
	d.line("  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=%s, fontsize=11, margin=\"0.14,0.07\", height=0.4];", quoted(fontName))
	d.line("  edge [fontname=%s, fontsize=10, arrowsize=0.7, color=%s];", quoted(fontName), quoted(otherLine))
	for i := range d.lanes {
		if d.wide() {
			i = len(d.lanes) - 1 - i // from left to right, Graphviz stacks upwards
		}
		d.lane(i, d.lanes[i])
	}
	d.heads()
	for _, e := range d.edges {
		d.edge(e)
	}
	for _, l := range d.lanes {
		for _, n := range l.nodes {
			d.leaving(n)
		}
	}
	for _, id := range d.Spine {
		d.gaps(id)
	}
	d.line("}")
}

func (d *dot) lane(i int, l lane) {
	c := colors[i%len(colors)]
	d.line("  subgraph cluster_%d {", i)
	version := ""
	if l.component.Version != "" {
		version = fmt.Sprintf("<br align=\"left\"/><font point-size=\"9\" color=\"#666666\">%s</font><br align=\"left\"/>", escaped(Fit(l.component.Version, 24)))
	}
	d.line("    label=<<b>%s</b>%s>; labeljust=l; style=\"rounded,filled\"; fillcolor=%s; color=%s; margin=14; tooltip=%s;",
		escaped(l.component.Name), version, quoted(c[0]), quoted(c[1]), quoted(l.component.Package))
	for _, a := range l.arrivals {
		d.arrival(a, c[1])
	}
	for _, n := range l.nodes {
		d.node(n, c[1])
	}
	d.line("  }")
}

func (d *dot) node(n flow.Node, color string) {
	name := d.Name(n)
	bold, border := "", otherLine
	if _, spine := d.Position[n.ID]; spine {
		bold, border = "b", color
	}
	label := escaped(FitName(name, longestName))
	if bold != "" {
		label = "<b>" + label + "</b>"
	}
	d.line("    n%d [label=<%s<br/><font point-size=\"9\" color=\"#5a5a5a\">%s</font>>, color=%s, lane=%d, tooltip=%s%s];",
		n.ID, label, escaped(Fit(place(n), longestPlace)), quoted(border), d.laneOf[n.Component], quoted(n.Func+"\n"+place(n)), d.link(n))
}

func (d *dot) link(n flow.Node) string {
	if d.options.Link == nil {
		return ""
	}
	if to := d.options.Link(n); to != "" {
		return ", URL=" + quoted(to)
	}
	return ""
}

// arrival draws what arrives at a lane from another, above or before the
// function that it arrives at.
func (d *dot) arrival(a arrival, color string) {
	d.line("    a%d [shape=box, style=\"filled\", fillcolor=%s, color=%s, fontcolor=white, fontsize=10, height=0.3, label=<%s>, lane=%d, tooltip=%s];",
		a.id, quoted(color), quoted(color), escaped(Fit(a.words, longestSent)), d.laneOf[d.Node[a.to].Component], quoted(a.words))
	d.line("    a%d -> n%d [color=%s, penwidth=1.8, weight=8, tooltip=%s];", a.id, a.to, quoted(color), quoted(a.words))
}

// heads puts the first functions of all lanes on one rank and in the order of
// the route, so that the lanes stand side by side.
func (d *dot) heads() {
	if len(d.lanes) < 2 || d.wide() {
		return
	}
	var heads []string
	for _, l := range d.lanes {
		if len(l.arrivals) > 0 {
			heads = append(heads, fmt.Sprintf("a%d", l.arrivals[0].id))
		} else {
			heads = append(heads, fmt.Sprintf("n%d", l.nodes[0].ID))
		}
	}
	d.line("  { rank=same; %s; }", strings.Join(heads, "; "))
	d.line("  %s [style=invis, minlen=2];", strings.Join(heads, " -> "))
}

func (d *dot) edge(e flow.Edge) {
	from, to := d.Node[e.From], d.Node[e.To]
	var a []string
	add := func(name, value string) { a = append(a, name+"="+quoted(value)) }
	style := map[flow.Kind]string{flow.Interface: "dashed", flow.Closure: "dashed", flow.Go: "dotted", flow.Defer: "dotted", flow.Registration: "dashed"}[e.Kind]
	spine := d.onSpine(e)
	if spine {
		add("color", spineLine)
		add("penwidth", "1.8")
	}
	if e.Kind.Process() {
		add("penwidth", "2.6")
	}
	if style != "" {
		add("style", style)
	}
	words := says(e)
	if words != "" && e.Kind.Process() {
		words = ""
	}
	if words != "" {
		a = append(a, "label=<&nbsp;"+escaped(Fit(words, longestWords))+">")
		if spine {
			add("fontcolor", spineLine)
		} else {
			add("fontcolor", "#6b6b6b")
		}
	}
	tip := []string{d.Name(from) + " → " + d.Name(to), fmt.Sprintf("%s:%d", e.Site.File, e.Site.Line)}
	if e.Kind != flow.Call {
		tip = append(tip, strings.TrimSpace(string(e.Kind)+" "+e.Detail))
	}
	tip = append(tip, e.Under...)
	add("tooltip", strings.Join(tip, "\n"))
	add("labeltooltip", strings.Join(tip, "\n"))
	if e.Kind.Process() && !spine {
		return // among the departures of its node
	}
	head := fmt.Sprintf("n%d", e.To)
	tail := fmt.Sprintf("n%d", e.From)
	if a, ok := d.arrivals[arrivalKey(e)]; ok {
		head = fmt.Sprintf("a%d", a)
		add("constraint", "false")
		add("class", "crossing")
	}
	if spine && from.Component == to.Component {
		add("weight", "8")
	}
	d.line("  %s -> %s [%s];", tail, head, strings.Join(a, ", "))
}

// leaving draws what leaves a node for other processes off the spine: a note
// with the messages, without lines to where they arrive. Dozens of lines across
// the picture would hide it.
func (d *dot) leaving(n flow.Node) {
	var words, tips []string
	for _, e := range d.Out[n.ID] {
		if !e.Kind.Process() || d.onSpine(e) {
			continue
		}
		to := d.Node[e.To]
		line := Fit(says(e)+" → "+to.Component, longestNote)
		if slices.Contains(words, line) {
			continue
		}
		words = append(words, line)
		tips = append(tips, says(e)+" → "+d.Name(to)+" "+place(to))
	}
	if len(words) == 0 {
		return
	}
	if more := len(words) - mostLeaving; more > 1 {
		words = append(words[:mostLeaving], fmt.Sprintf(d.say.messages, more))
	}
	lane := d.laneOf[n.Component]
	label := ""
	for _, w := range words {
		label += escaped(w) + "<br align=\"left\"/>"
	}
	d.line("  subgraph cluster_%d { d%d [shape=box, style=\"dashed\", color=%s, fontcolor=%s, fontsize=9, height=0.2, label=<%s>, lane=%d, tooltip=%s]; }",
		lane, n.ID, quoted(otherLine), quoted("#5a5a5a"), label, lane, quoted(strings.Join(tips, "\n")))
	d.line("  n%d -> d%d [color=%s, style=dashed, arrowhead=none];", n.ID, n.ID, quoted(otherLine))
}

// gaps draws where the route goes on unseen after a step of the spine.
func (d *dot) gaps(id int) {
	for i, g := range d.GapsAfter[id] {
		name := fmt.Sprintf("g%d_%d", id, i)
		d.line("  %s [shape=note, label=<? %s>, lane=%d, color=%s, fontcolor=%s, fontsize=10, tooltip=%s];", name,
			escaped(Fit(strings.TrimSpace(string(g.Kind)+" "+g.Detail), longestWords)), d.laneOf[d.Node[id].Component], quoted(gapLine), quoted(gapLine), quoted(g.Reason+"\n"+g.Hint))
		d.line("  n%d -> %s [color=%s, style=dashed, tooltip=%s];", id, name, quoted(gapLine), quoted(g.Reason))
	}
}

// wide reports whether the lanes lie below each other.
func (d *dot) wide() bool { return len(d.chosen) >= wideFrom }

// quoted is text as a DOT string.
func quoted(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return ' '
		}
		return r
	}, text)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// escaped is text inside a DOT label in HTML form.
func escaped(text string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text))
}
