package diagram

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callroute/callroute/analyzer/flow"
)

// Sizes of a portrait, in pixels. The width is that of a README on GitHub, so
// that nothing is scaled down there.
const (
	portraitWidth   = 838
	portraitEdge    = 20  // between the picture's edge and the boxes
	portraitPad     = 14  // inside a box
	portraitRow     = 21  // from one line to the next
	portraitHead    = 30  // the line with a program's name
	portraitGap     = 44  // between boxes, for what crosses
	portraitLetters = 104 // of 12 pixels fit in a box, in the widest of the fonts
)

// Of a process so many functions are named at its start and at its end, and of
// the last process at its end.
const (
	portraitFirst = 2
	portraitLast  = 2
	portraitEnd   = 4
	portraitDoes  = 4 // effects of one function
)

// portraitStyle has the colors. A viewer that prefers dark ones gets them, also
// where the picture is an image in a page.
const portraitStyle = `
    svg { --back: #ffffff; --ink: #1f2328; --dim: #59636e; --does: #8a3b12; --gap: #b3261e; --arrow: #59636e }
    .l0 { --line: #3567a8; --fill: #eef4fd } .l1 { --line: #a05512; --fill: #fdf2e9 } .l2 { --line: #2f7336; --fill: #edf7ee }
    .l3 { --line: #7c4a98; --fill: #f6effa } .l4 { --line: #ab3a4a; --fill: #fdeef0 } .l5 { --line: #1f6e76; --fill: #eef7f8 } .l6 { --line: #75651a; --fill: #f7f5e8 }
    @media (prefers-color-scheme: dark) {
      svg { --back: #0d1117; --ink: #e6edf3; --dim: #9da7b1; --does: #f0a878; --gap: #ff8e86; --arrow: #9da7b1 }
      .l0 { --line: #79b0f2; --fill: #131d2b } .l1 { --line: #e0a068; --fill: #2a1d12 } .l2 { --line: #7cc785; --fill: #12241a }
      .l3 { --line: #c79be0; --fill: #231829 } .l4 { --line: #f0909e; --fill: #2c161b } .l5 { --line: #73c4cd; --fill: #10262a } .l6 { --line: #cdbb66; --fill: #262213 }
    }
    .back { fill: var(--back) } .box { fill: var(--fill); stroke: var(--line); stroke-width: 1.5 }
    text { font-family: ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', 'Liberation Mono', monospace; font-size: 12px; fill: var(--ink) }
    .title { font-size: 19px; font-weight: 700 } .name { font-size: 14px; font-weight: 700; fill: var(--line) } .step { font-weight: 600 }
    .dim { fill: var(--dim) } .does { fill: var(--does) } .gap { fill: var(--gap) } .end { text-anchor: end }
    .arrow { stroke: var(--arrow); stroke-width: 2.5; fill: none } .head { fill: var(--arrow) }
`

// Portrait writes the route of f as an SVG picture that is read from top to
// bottom: a box for each process with its first and last functions, and between
// the boxes what crosses. It needs no Graphviz.
func Portrait(w io.Writer, f *flow.Flow, o Options) error {
	p, err := pick(f, Options{Lang: o.Lang})
	if err != nil {
		return err
	}
	d := &portrait{picture: p, options: o}
	d.draw()
	_, err = fmt.Fprintf(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n  <style>%s  </style>\n  <rect class=\"back\" width=\"100%%\" height=\"100%%\"/>\n%s</svg>\n",
		portraitWidth, d.y, portraitWidth, d.y, xml(d.title()+": "+d.caption()), portraitStyle, d.out.Bytes())
	return err
}

type portrait struct {
	*picture
	options Options
	out     bytes.Buffer
	y       int // of what comes next
}

func (d *portrait) draw() {
	d.y = portraitEdge + 16
	d.text(portraitEdge, "title", d.title())
	d.y += portraitRow
	d.text(portraitEdge, "dim", d.caption())
	d.y += portraitEdge
	at := 0
	sections := d.Sections()
	for i, s := range sections {
		last := portraitLast
		if i == len(sections)-1 {
			last = portraitEnd
		}
		d.section(s, last)
		at += len(s.Steps)
		if i+1 < len(sections) {
			d.crossing(d.Onward(at - 1))
		}
	}
	d.y += portraitEdge
}

// row is a line in a box.
type row struct {
	class, text string
	node        *flow.Node // named at the right with its place, and linked
}

func (d *portrait) section(s flow.Section, last int) {
	var rows []row
	hidden := len(s.Steps) - portraitFirst - last
	for i, id := range s.Steps {
		if hidden > 1 && i >= portraitFirst && i < len(s.Steps)-last {
			if i == portraitFirst {
				rows = append(rows, row{class: "dim", text: fmt.Sprintf(d.say.leftOut, hidden)})
			}
			continue
		}
		n := d.Node[id]
		rows = append(rows, row{class: "step", text: d.Name(n), node: &n})
		if i == len(s.Steps)-1 {
			for _, e := range n.Does[:min(len(n.Does), portraitDoes)] {
				rows = append(rows, row{class: "does", text: e.Verb + " " + e.What})
			}
		}
		for _, g := range d.GapsAfter[id] {
			rows = append(rows, row{class: "gap", text: "? " + strings.TrimSpace(string(g.Kind)+" "+g.Detail)})
		}
	}
	color := d.laneOf[s.Component.Name] % len(colors)
	height := portraitHead + len(rows)*portraitRow + portraitPad/2
	fmt.Fprintf(&d.out, "  <g class=\"l%d\">\n    <rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
		color, portraitEdge, d.y, portraitWidth-2*portraitEdge, height)
	d.y += portraitHead - 9
	d.text(portraitEdge+portraitPad, "name", s.Component.Name)
	for _, r := range rows {
		d.y += portraitRow
		d.row(r)
	}
	d.out.WriteString("  </g>\n")
	d.y += portraitPad/2 + 9
}

func (d *portrait) row(r row) {
	const room = portraitLetters
	left := portraitEdge + portraitPad
	if r.node == nil {
		d.text(left+portraitPad, r.class, Fit(r.text, room-2))
		return
	}
	where := place(flow.Node{File: shortFile(r.node.File), Line: r.node.Line})
	if Cells(r.text)+2+Cells(where) > room {
		where = Fit(where, max(20, room-2-Cells(r.text)))
	}
	link := ""
	if d.options.Link != nil {
		link = d.options.Link(*r.node)
	}
	if link != "" {
		fmt.Fprintf(&d.out, "    <a href=\"%s\">\n", xml(link))
	}
	d.text(left, r.class, FitName(r.text, room-2-Cells(where)))
	d.text(portraitWidth-left, "dim end", where)
	if link != "" {
		d.out.WriteString("    </a>\n")
	}
}

func (d *portrait) crossing(e flow.Edge) {
	x := portraitEdge + portraitPad + 10
	fmt.Fprintf(&d.out, "  <path class=\"arrow\" d=\"M%d %d V%d\"/><path class=\"head\" d=\"M%d %d h12 l-6 9 z\"/>\n",
		x, d.y, d.y+portraitGap-9, x-6, d.y+portraitGap-10)
	d.y += portraitGap/2 + 4
	d.text(x+18, "step", Fit(says(e), portraitLetters-6))
	d.y += portraitGap/2 - 4
}

func (d *portrait) text(x int, class, text string) {
	fmt.Fprintf(&d.out, "    <text x=\"%d\" y=\"%d\" class=\"%s\">%s</text>\n", x, d.y, class, xml(text))
}

// shortFile is a file of a library by its module's last element and its place in
// it: with host and version it would fill the line.
func shortFile(file string) string {
	module, rest, found := strings.Cut(file, "@")
	if !found {
		return file
	}
	_, inside, _ := strings.Cut(rest, "/")
	return module[strings.LastIndexByte(module, '/')+1:] + "/" + inside
}

// xml is text in XML, without what no XML may have.
func xml(text string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, escaped(text))
}
