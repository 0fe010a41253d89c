package diagram

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// diffStyle has the colors of what changed. A viewer that prefers dark ones gets
// them.
const diffStyle = `
    svg { --back: #ffffff; --ink: #1f2328; --dim: #59636e }
    .added { --fill: #dafbe1; --mark: #1a7f37 } .removed { --fill: #ffebe9; --mark: #b3261e } .moved, .changed { --fill: #fff8c5; --mark: #7d4e00 }
    @media (prefers-color-scheme: dark) {
      svg { --back: #0d1117; --ink: #e6edf3; --dim: #9da7b1 }
      .added { --fill: #12261e; --mark: #7cc785 } .removed { --fill: #2d1416; --mark: #ff8e86 } .moved, .changed { --fill: #2a2410; --mark: #e0b068 }
    }
    .back { fill: var(--back) } rect.row { fill: var(--fill, none) } .mark { fill: var(--mark); font-weight: 700 }
    text { font-family: ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', 'Liberation Mono', monospace; font-size: 12px; fill: var(--ink); white-space: pre }
    .title { font-size: 16px; font-weight: 700 } .program { font-weight: 700 } .dim { fill: var(--dim) } .end { text-anchor: end }
`

// Diff writes how routes changed as an SVG picture as wide as a page: a row for
// each step, by program, with what was added, removed and changed in colors.
// Commands that changed in the same way are drawn once.
func Diff(w io.Writer, d *flow.Diff) error {
	p := &diffPicture{y: portraitEdge}
	p.text("title", fmt.Sprintf("from %s to %s", d.Old, d.New), 80)
	p.y += portraitRow
	if len(d.Commands) == 0 {
		p.text("dim", "no route differs", 80)
	}
	for _, g := range d.Groups() {
		p.y += portraitRow / 2
		p.text("title", g.Name(), 70)
		if n := len(g.Others); n > 0 {
			p.text("dim", fmt.Sprintf("and %d more", n), portraitLetters)
		}
		p.command(&g.CommandDiff)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">`+"\n", portraitWidth, p.y+portraitEdge)
	fmt.Fprintf(&out, "  <title>%s</title>\n  <style>%s</style>\n", xml(fmt.Sprintf("Routes from %s to %s", d.Old, d.New)), diffStyle)
	fmt.Fprintf(&out, `  <rect class="back" width="%d" height="%d"/>`+"\n", portraitWidth, p.y+portraitEdge)
	out.Write(p.Bytes())
	out.WriteString("</svg>\n")
	_, err := w.Write(out.Bytes())
	return err
}

// diffPicture is the rows that are drawn, down to y.
type diffPicture struct {
	bytes.Buffer
	y int
}

func (p *diffPicture) command(c *flow.CommandDiff) {
	program := ""
	for _, s := range c.Route {
		if s.Program != program {
			program = s.Program
			p.text("program", program, portraitLetters)
		}
		p.row(s.Change, flow.Short(s.Func), fmt.Sprintf("%s:%d", s.File, s.Line))
		for _, words := range s.Changes {
			p.row(flow.Changed, "   "+words, "")
		}
		if n := s.Next; n != nil && n.Kind.Process() {
			p.row(s.Change, "══ "+strings.TrimSpace(string(n.Kind)+" "+flow.Brief(n.Kind, n.Detail))+" ══▶", "")
		}
	}
	for _, x := range c.Crossings {
		key := strings.Trim(x.Old+" ══▶ "+x.New, " ")
		if x.Change != flow.Changed {
			key = strings.Trim(x.Old+x.New, " ")
		}
		p.row(x.Change, "══ "+string(x.Kind)+" "+key, "crossing")
	}
	for _, g := range c.Gaps {
		p.row(g.Change, "gap: "+g.Reason, "gap")
	}
}

// diffMarks stand before rows, for readers who do not tell the colors apart.
var diffMarks = map[flow.Change]string{flow.Added: "+", flow.Removed: "-", flow.Moved: "~", flow.Changed: "!"}

// diffPlace is the most letters of a place at the end of a row.
const diffPlace = 44

// row draws a line: what, and at its end where.
func (p *diffPicture) row(c flow.Change, what, where string) {
	where = last(where, diffPlace)
	fmt.Fprintf(p, `  <g class="%s"><rect class="row" x="%d" y="%d" width="%d" height="%d"/>`, c, portraitEdge, p.y, portraitWidth-2*portraitEdge, portraitRow)
	fmt.Fprintf(p, `<text class="mark" x="%d" y="%d">%s</text>`, portraitEdge+4, p.y+15, diffMarks[c])
	fmt.Fprintf(p, `<text x="%d" y="%d">%s</text>`, portraitEdge+24, p.y+15, xml(first(what, portraitLetters-6-len([]rune(where)))))
	fmt.Fprintf(p, `<text class="dim end" x="%d" y="%d">%s</text></g>`+"\n", portraitWidth-portraitEdge-6, p.y+15, xml(where))
	p.y += portraitRow
}

// text draws a line of words alone.
func (p *diffPicture) text(class, words string, most int) {
	fmt.Fprintf(p, `  <text class="%s" x="%d" y="%d">%s</text>`+"\n", class, portraitEdge, p.y+15, xml(first(words, most)))
	p.y += portraitRow
}

// first is as many letters of a text as there is room for.
func first(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:max(0, most-1)]) + "…"
	}
	return s
}

// last is its end.
func last(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return "…" + string(r[len(r)-most+1:])
	}
	return s
}
