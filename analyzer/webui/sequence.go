package webui

import (
	"fmt"
	"html"
	"html/template"
	"strings"

	"github.com/callroute/callroute/analyzer/diagram"
	"github.com/callroute/callroute/analyzer/flow"
)

// Measures of the sequence picture, in pixels. A cell is one letter of the
// fixed-width font; a wide letter (CJK) takes two.
const (
	cell       = 6.7
	laneWidth  = 216
	noteCells  = 28
	arrowCells = 27
	lineHeight = 16
	headHeight = 44
	selfWidth  = 40
)

// mostMessages is how many messages the picture shows; a longer route is cut
// in the middle.
const mostMessages = 60

// sequence draws the spine of r: a lane for each program, what crosses between
// them as arrows, and in a box what each does in between. Colours are classes,
// so that the page's style sheet decides between dark and light.
func sequence(r *flow.Route, say words) template.HTML {
	s := &sketch{Route: r, say: say, lane: map[string]int{}}
	for _, id := range r.Spine {
		name := r.Node[id].Component
		if _, ok := s.lane[name]; !ok {
			s.lane[name] = len(s.lanes)
			s.lanes = append(s.lanes, name)
		}
	}
	if len(s.lanes) == 0 {
		return ""
	}
	s.draw()
	return template.HTML(s.picture() + s.list())
}

// list is the picture for a window in which lanes have no room beside each other:
// the same from top to bottom. The style sheet decides which one is shown.
func (s *sketch) list() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<ol class=\"sequence-list\" aria-label=\"%s\">\n", html.EscapeString(s.say.Sequence))
	sections := s.Sections()
	at := -1
	for i, section := range sections {
		at += len(section.Steps)
		if cut := len(sections) - mostMessages; cut > 0 && i >= mostMessages/2 && i < mostMessages/2+cut {
			continue
		}
		first, last := s.Node[section.Steps[0]], s.Node[section.Steps[len(section.Steps)-1]]
		fmt.Fprintf(&b, `<li class="p%d"><a href="#process-%d"><b>%s</b><br>%s`, s.lane[section.Component.Name]%8, i+1,
			html.EscapeString(section.Component.Name), html.EscapeString(s.Name(first)))
		if more := len(section.Steps) - 2; more > 0 {
			fmt.Fprintf(&b, "<br>%s", html.EscapeString(fmt.Sprintf(s.say.More, more)))
		}
		if len(section.Steps) > 1 {
			fmt.Fprintf(&b, "<br>%s", html.EscapeString(s.Name(last)))
		}
		b.WriteString("</a>")
		if i+1 < len(sections) {
			e := s.Onward(at)
			fmt.Fprintf(&b, `<p>↓ %s</p>`, html.EscapeString(strings.TrimSpace(string(e.Kind)+" "+flow.Brief(e.Kind, e.Detail))))
		}
		b.WriteString("</li>\n")
	}
	b.WriteString("</ol>")
	return b.String()
}

type sketch struct {
	*flow.Route
	say   words
	lane  map[string]int
	lanes []string
	body  strings.Builder
	y     int
}

func (s *sketch) draw() {
	s.y = headHeight + 16
	sections := s.Sections()
	at := -1 // the last step of a section, on the spine
	for i, section := range sections {
		at += len(section.Steps)
		if cut := len(sections) - mostMessages; cut > 0 && i >= mostMessages/2 && i < mostMessages/2+cut {
			if i == mostMessages/2 {
				fmt.Fprintf(&s.body, `<text class="said" x="%d" y="%d">… %d …</text>`, 16, s.y+12, cut)
				s.y += lineHeight + 8
			}
			continue
		}
		lane := s.lane[section.Component.Name]
		s.note(lane, section, i)
		if i+1 < len(sections) {
			s.message(lane, s.lane[sections[i+1].Component.Name], s.Onward(at))
		}
	}
}

func middle(lane int) int { return lane*laneWidth + laneWidth/2 }

// note is the box with the first and the last functions of a section. It leads
// to the section of the article.
func (s *sketch) note(lane int, section flow.Section, number int) {
	var lines, full []string
	for _, id := range section.Steps {
		lines = append(lines, diagram.FitName(s.Name(s.Node[id]), noteCells))
		full = append(full, s.Name(s.Node[id]))
	}
	if more := len(lines) - 4; more > 1 {
		lines = []string{lines[0], lines[1], fmt.Sprintf(s.say.More, more), lines[len(lines)-2], lines[len(lines)-1]}
		if len(full) > 60 {
			full = append(full[:60:60], "…")
		}
	}
	height := len(lines)*lineHeight + 10
	x := lane*laneWidth + 4
	fmt.Fprintf(&s.body, `<a href="#process-%d" class="note p%d"><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="4"/>`,
		number+1, lane%8, html.EscapeString(strings.Join(full, "\n")), x, s.y, laneWidth-8, height)
	for i, l := range lines {
		fmt.Fprintf(&s.body, `<text x="%d" y="%d">%s</text>`, x+8, s.y+lineHeight*(i+1), html.EscapeString(l))
	}
	s.body.WriteString("</a>\n")
	s.y += height + 8
}

// message is an arrow with its words above it. An arrow over several lanes has
// more room for them.
func (s *sketch) message(from, to int, e flow.Edge) {
	words := strings.TrimSpace(string(e.Kind) + " " + flow.Brief(e.Kind, e.Detail))
	span := max(to-from, from-to, 1)
	lines := wrap(words, span*(arrowCells+2)-2, 2)
	x1, x2 := middle(from), middle(to)
	at := float64(x1+x2) / 2
	if from == to {
		at = float64(x1 + selfWidth/2)
	}
	fmt.Fprintf(&s.body, `<g class="message"><title>%s</title>`, html.EscapeString(words))
	for _, l := range lines {
		s.y += lineHeight
		width := float64(diagram.Cells(l)) * cell
		fmt.Fprintf(&s.body, `<rect class="behind" x="%.0f" y="%d" width="%.0f" height="%d"/>`, at-width/2-3, s.y-12, width+6, lineHeight)
		fmt.Fprintf(&s.body, `<text class="said" text-anchor="middle" x="%.0f" y="%d">%s</text>`, at, s.y, html.EscapeString(l))
	}
	s.y += 10
	if from == to {
		fmt.Fprintf(&s.body, `<path class="arrow" d="M%d %dh%dv14h-%d" marker-end="url(#head)"/></g>`+"\n", x1, s.y, selfWidth, selfWidth-4)
		s.y += 14
	} else {
		tip := x2 - 4
		if x2 < x1 {
			tip = x2 + 4
		}
		fmt.Fprintf(&s.body, `<path class="arrow" d="M%d %dH%d" marker-end="url(#head)"/></g>`+"\n", x1, s.y, tip)
	}
	s.y += 14
}

func (s *sketch) picture() string {
	var out strings.Builder
	width := len(s.lanes) * laneWidth
	fmt.Fprintf(&out, `<svg class="sequence" role="group" aria-label="%s" viewBox="0 0 %d %d" width="%d" height="%d">`+"\n",
		html.EscapeString(s.say.Sequence), width, s.y+8, width, s.y+8)
	out.WriteString(`<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"/></marker></defs>` + "\n")
	for i, name := range s.lanes {
		fmt.Fprintf(&out, `<path class="line" d="M%d %dV%d"/>`, middle(i), headHeight, s.y)
		fmt.Fprintf(&out, `<g class="lane p%d"><title>%s</title><rect x="%d" y="6" width="%d" height="%d" rx="6"/><text text-anchor="middle" x="%d" y="%d">%s</text></g>`+"\n",
			i%8, html.EscapeString(name), i*laneWidth+8, laneWidth-16, headHeight-10, middle(i), headHeight-18, html.EscapeString(diagram.Fit(name, 25)))
	}
	out.WriteString(s.body.String())
	out.WriteString("</svg>")
	return out.String()
}

// take splits text after at most n cells.
func take(text string, n int) (head, rest string) {
	for i, r := range text {
		if n -= diagram.Cells(string(r)); n < 0 {
			return text[:i], text[i:]
		}
	}
	return text, ""
}

// wrap breaks text at spaces, slashes and dots into lines of n cells; the last
// of most lines is cut.
func wrap(text string, n, most int) []string {
	text = strings.Join(strings.Fields(text), " ")
	var lines []string
	for len(lines) < most-1 && diagram.Cells(text) > n {
		head, rest := take(text, n)
		if i := strings.LastIndexAny(head, " /."); i > len(head)/3 {
			head, rest = text[:i], text[i:]
		}
		lines = append(lines, strings.TrimSpace(head))
		text = strings.TrimSpace(rest)
	}
	return append(lines, diagram.Fit(text, n))
}
