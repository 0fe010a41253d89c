package diagram

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Sizes of a value's picture, in pixels. A band is as wide as a portrait.
const (
	holderColumns = 3 // in a band before it goes on below
	holderGap     = 26
	holderWidth   = (portraitWidth - 2*portraitEdge - 2*portraitPad - (holderColumns-1)*holderGap) / holderColumns
	holderLetters = (holderWidth - 18) * 10 / 73
	mostForks     = 6 // ends beside the first that are named
)

// valueStyle has what a portrait does not need.
const valueStyle = `    .holder { fill: var(--back); stroke: var(--line); stroke-width: 1 } .link { stroke: var(--line); stroke-width: 1.5; fill: none } .tip { fill: var(--line) }
    .wire { fill: var(--line); font-weight: 600 }
`

// Value writes the way of a value as an SVG picture: a band for each program, in it a
// column for each type that holds the value, with the field, the names that it has in
// documents and what is done to it, and between the bands what carries it across.
func Value(w io.Writer, v *flow.Value) error {
	d := &valuePicture{v: v}
	d.draw()
	_, err := fmt.Fprintf(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n  <style>%s%s  </style>\n  <rect class=\"back\" width=\"100%%\" height=\"100%%\"/>\n%s</svg>\n",
		portraitWidth, d.y, portraitWidth, d.y, xml(v.Title()+": "+d.caption()), portraitStyle, valueStyle, d.out.Bytes())
	return err
}

type valuePicture struct {
	v   *flow.Value
	out bytes.Buffer
	y   int // of what comes next
}

func (d *valuePicture) caption() string {
	if d.v.Into != "" {
		return count(len(d.v.Sources), [2]string{"1 source", "%d sources"}) + " can end there; this is the way that passes most programs"
	}
	if len(d.v.Ends) == 0 {
		return "not seen to be written anywhere"
	}
	text := d.v.Ends[0].Says()
	if n := len(d.v.Ends) - 1; n > 0 {
		text += ", and " + count(n, [2]string{"1 other end", "%d other ends"})
	}
	if n := len(d.v.Gaps); n > 0 {
		text += ", " + count(n, [2]string{"1 gap", "%d gaps"})
	}
	return text
}

func (d *valuePicture) draw() {
	d.y = portraitEdge + 16
	d.text(portraitEdge, "title", Fit(d.v.Title(), portraitLetters*12/19))
	d.y += portraitRow
	d.text(portraitEdge, "dim", Fit(d.caption(), portraitLetters))
	d.y += portraitEdge
	lanes := map[string]int{}
	for i, name := range d.v.Programs() {
		lanes[name] = i % len(colors)
	}
	stretches := d.v.Stretches(d.v.Furthest())
	for i, s := range stretches {
		d.band(s, lanes[s.Component], i == len(stretches)-1)
		if s.Leaves != nil && i < len(stretches)-1 {
			d.crossing(*s.Leaves)
		}
	}
	d.ends()
	d.y += portraitEdge
}

// band draws the part of the way in one program.
func (d *valuePicture) band(s flow.ValueStretch, color int, last bool) {
	var rows [][]flow.ValueHolder
	for i := 0; i < len(s.Holders); i += holderColumns {
		rows = append(rows, s.Holders[i:min(i+holderColumns, len(s.Holders))])
	}
	height := portraitHead + portraitPad/2
	for _, row := range rows {
		height += holdersHeight(row) + holderGap
	}
	if last {
		height += portraitRow
	}
	height -= holderGap / 2
	fmt.Fprintf(&d.out, "  <g class=\"l%d\">\n    <rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
		color, portraitEdge, d.y, portraitWidth-2*portraitEdge, height)
	top := d.y
	d.y += portraitHead - 9
	d.text(portraitEdge+portraitPad, "name", s.Component)
	d.y = top + portraitHead
	for i, row := range rows {
		tallest := holdersHeight(row)
		for j, h := range row {
			x := portraitEdge + portraitPad + j*(holderWidth+holderGap)
			d.holder(x, h)
			switch {
			case j+1 < len(row):
				d.arrow(x+holderWidth, d.y+20, x+holderWidth+holderGap, d.y+20)
			case i+1 < len(rows):
				d.turn(x+holderWidth/2, d.y+holderHeight(h), portraitEdge+portraitPad+holderWidth/2, d.y+tallest+holderGap)
			}
		}
		d.y += tallest + holderGap
	}
	if last && len(d.v.Ends) > 0 {
		d.y += 2
		d.text(portraitEdge+portraitPad, "does", Fit("■ "+d.v.Ends[0].Says(), portraitLetters))
	}
	d.y = top + height
	d.out.WriteString("  </g>\n")
}

// lines is what is said of a holder, with the class of each line.
func lines(h flow.ValueHolder) [][2]string {
	name, typ := h.Field, h.Type
	if name == "" {
		name = flow.Short(h.Hops[0].Func)
	}
	out := [][2]string{{"step", FitName(name, holderLetters)}}
	if typ != "" {
		out = append(out, [2]string{"dim", FitName(typ, holderLetters)})
	}
	for _, w := range h.Wire() {
		out = append(out, [2]string{"wire", Fit(`"`+w+`"`, holderLetters)})
	}
	for _, did := range h.Did() {
		out = append(out, [2]string{"does", Fit(did, holderLetters)})
	}
	first := h.Hops[0]
	where := Fit(fmt.Sprintf("%s:%d", shortFile(first.File), first.Line), holderLetters)
	return append(out, [2]string{"dim", where})
}

func holderHeight(h flow.ValueHolder) int { return len(lines(h))*(portraitRow-4) + 10 }

func holdersHeight(row []flow.ValueHolder) int {
	most := 0
	for _, h := range row {
		most = max(most, holderHeight(h))
	}
	return most
}

func (d *valuePicture) holder(x int, h flow.ValueHolder) {
	link := d.v.Component(h.Hops[0].Component).Link(h.Hops[0].Site)
	if link != "" {
		fmt.Fprintf(&d.out, "    <a href=\"%s\">\n", xml(link))
	}
	fmt.Fprintf(&d.out, "    <rect class=\"holder\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n", x, d.y, holderWidth, holderHeight(h))
	top := d.y
	for _, l := range lines(h) {
		d.y += portraitRow - 4
		d.text(x+9, l[0], l[1])
	}
	d.y = top
	if link != "" {
		d.out.WriteString("    </a>\n")
	}
}

// arrow draws a line to the right with a tip.
func (d *valuePicture) arrow(x, y, toX, toY int) {
	fmt.Fprintf(&d.out, "    <path class=\"link\" d=\"M%d %d H%d\"/><path class=\"tip\" d=\"M%d %d v8 l8 -4 z\"/>\n", x, y, toX-8, toX-8, toY-4)
}

// turn draws a line from the end of one row to the begin of the next.
func (d *valuePicture) turn(x, y, toX, toY int) {
	fmt.Fprintf(&d.out, "    <path class=\"link\" d=\"M%d %d V%d H%d V%d\"/><path class=\"tip\" d=\"M%d %d h8 l-4 8 z\"/>\n", x, y, toY-holderGap/2, toX, toY-8, toX-4, toY-8)
}

func (d *valuePicture) crossing(h flow.ValueHop) {
	x := portraitEdge + portraitPad + 10
	fmt.Fprintf(&d.out, "  <path class=\"arrow\" d=\"M%d %d V%d\"/><path class=\"head\" d=\"M%d %d h12 l-6 9 z\"/>\n",
		x, d.y, d.y+portraitGap-9, x-6, d.y+portraitGap-10)
	d.y += portraitGap/2 + 4
	words := strings.TrimSpace(string(h.Kind) + " " + flow.Brief(h.Kind, h.Detail))
	if h.Wire != "" {
		words += `  "` + h.Wire + `"`
	}
	d.text(x+18, "step", Fit(words, portraitLetters-6))
	d.y += portraitGap/2 - 4
}

// ends names where the value also goes.
func (d *valuePicture) ends() {
	forks := d.v.Forks()
	if len(forks) == 0 {
		return
	}
	d.y += portraitRow + 6
	d.text(portraitEdge, "step", "It also goes to")
	for i, f := range forks {
		d.y += portraitRow - 3
		if i == mostForks {
			d.text(portraitEdge, "dim", fmt.Sprintf("… and %d more", len(forks)-mostForks))
			return
		}
		h := d.v.Hops[f.End.Hop]
		d.text(portraitEdge, "does", Fit(fmt.Sprintf("%s: %s, %s:%d", h.Component, f.End.Says(), shortFile(h.File), h.Line), portraitLetters))
	}
}

func (d *valuePicture) text(x int, class, text string) {
	fmt.Fprintf(&d.out, "    <text x=\"%d\" y=\"%d\" class=\"%s\">%s</text>\n", x, d.y, class, xml(text))
}
