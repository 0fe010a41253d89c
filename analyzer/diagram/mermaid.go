package diagram

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// mermaidLimit is how long one Mermaid diagram may be: what GitHub draws, with
// room for what its page adds.
const mermaidLimit = 48_000

// mermaidEdges is how many edges one may have: Mermaid itself refuses more than
// 500.
const mermaidEdges = 480

// Mermaid writes the picture of f as flowcharts in Mermaid's language: one, or
// several if it would be longer than GitHub draws. Each is a fenced block of
// Markdown if there are several, bare if there is one.
func Mermaid(w io.Writer, f *flow.Flow, o Options) error {
	p, err := pick(f, o)
	if err != nil {
		return err
	}
	return writeParts(w, mermaidParts(p))
}

// writeParts writes diagrams, fenced if there are several.
func writeParts(w io.Writer, parts []string) error {
	if len(parts) == 1 {
		_, err := io.WriteString(w, parts[0])
		return err
	}
	for i, part := range parts {
		if _, err := fmt.Fprintf(w, "Part %d of %d\n\n```mermaid\n%s```\n\n", i+1, len(parts), part); err != nil {
			return err
		}
	}
	return nil
}

// mermaidParts splits the picture by lanes, and a lane that is too long by its
// functions. An edge is in the part of its tail.
func mermaidParts(p *picture) []string {
	out := map[int][]flow.Edge{}
	for _, e := range p.edges {
		out[e.From] = append(out[e.From], e)
	}
	var parts []string
	m := newFlowchart(p)
	finish := func() {
		if m.nodes > 0 {
			parts = append(parts, m.finish())
		}
		m = newFlowchart(p)
	}
	for i, l := range p.lanes {
		opened := false
		for _, n := range l.nodes {
			if m.size()+m.cost(out[n.ID]) > mermaidLimit || m.link+len(out[n.ID]) > mermaidEdges && m.nodes > 0 {
				if opened {
					m.closeLane()
				}
				finish()
				opened = false
			}
			if !opened {
				m.openLane(i, l)
				opened = true
			}
			m.node(n)
			m.edges(out[n.ID])
		}
		if opened {
			m.closeLane()
		}
	}
	finish()
	if len(parts) == 0 {
		parts = []string{m.finish()}
	}
	return parts
}

// flowchart is one Mermaid diagram in the making.
type flowchart struct {
	*picture
	lanes, links, styles bytes.Buffer
	nodes, link          int
}

func newFlowchart(p *picture) *flowchart { return &flowchart{picture: p} }

func (m *flowchart) size() int { return m.lanes.Len() + m.links.Len() + m.styles.Len() + 2000 }

// cost bounds what a node with these edges adds.
func (m *flowchart) cost(edges []flow.Edge) int {
	const name, edge = 4*(longestName+longestPlace) + 90, 4*longestWords + 80
	return name + edge*len(edges)
}

func (m *flowchart) openLane(i int, l lane) {
	fmt.Fprintf(&m.lanes, "  subgraph lane%d[\"%s\"]\n", i, mermaidText(l.component.Name))
	fill, line := colors[i%len(colors)][0], colors[i%len(colors)][1]
	fmt.Fprintf(&m.styles, "  style lane%d fill:%s,stroke:%s,color:#1c1c1c\n", i, fill, line)
	fmt.Fprintf(&m.styles, "  classDef program%d fill:#ffffff,stroke:%s,color:#1c1c1c\n", i, line)
}

func (m *flowchart) closeLane() { m.lanes.WriteString("  end\n") }

func (m *flowchart) node(n flow.Node) {
	m.nodes++
	class := fmt.Sprintf(":::program%d", m.laneOf[n.Component])
	if _, spine := m.Position[n.ID]; spine {
		fmt.Fprintf(&m.styles, "  class n%d spine\n", n.ID)
	}
	fmt.Fprintf(&m.lanes, "    n%d[\"%s<br/><small>%s</small>\"]%s\n", n.ID,
		mermaidText(FitName(m.Name(n), longestName)), mermaidText(Fit(place(n), longestPlace)), class)
	for i, g := range m.GapsAfter[n.ID] {
		if _, spine := m.Position[n.ID]; spine {
			fmt.Fprintf(&m.lanes, "    g%d_%d[\"? %s\"]:::gap\n", n.ID, i, mermaidText(Fit(strings.TrimSpace(string(g.Kind)+" "+g.Detail), longestWords)))
			fmt.Fprintf(&m.links, "  n%d -.-> g%d_%d\n", n.ID, n.ID, i)
			m.link++
		}
	}
}

func (m *flowchart) edges(edges []flow.Edge) {
	for _, e := range edges {
		arrow := "-->"
		switch {
		case e.Kind.Process():
			arrow = "==>"
		case e.Kind != flow.Call:
			arrow = "-.->"
		}
		words := ""
		if text := says(e); text != "" {
			words = "|\"" + mermaidText(Fit(text, longestWords)) + "\"|"
		}
		fmt.Fprintf(&m.links, "  n%d %s%s n%d\n", e.From, arrow, words, e.To)
		if m.onSpine(e) {
			fmt.Fprintf(&m.styles, "  linkStyle %d stroke:#1c1c1c,stroke-width:2px\n", m.link)
		}
		m.link++
	}
}

func (m *flowchart) finish() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%%%% %s: %s\nflowchart TB\n", mermaidText(m.title()), m.caption())
	b.WriteString("  classDef spine stroke-width:2px,font-weight:bold\n  classDef gap stroke:#c0392b,color:#c0392b,stroke-dasharray:4\n")
	b.Write(m.lanes.Bytes())
	b.Write(m.links.Bytes())
	b.Write(m.styles.Bytes())
	return b.String()
}

// mermaidText makes text safe inside Mermaid's quotes, where HTML and its
// entities, written with #, are understood.
func mermaidText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
	return strings.NewReplacer(
		"#", "#35;", "&", "#amp;", "<", "#lt;", ">", "#gt;", `"`, "#quot;", "`", "#96;",
		"{", "#123;", "}", "#125;", ";", "#59;", "%", "#37;", "\\", "#92;",
	).Replace(s)
}
