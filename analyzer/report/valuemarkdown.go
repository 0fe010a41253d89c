package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// ValueMarkdown writes where a value goes as Markdown: a table for each program on the
// way that is followed furthest, then the other ends and the gaps. Places are links
// where the sources can be read.
func ValueMarkdown(w io.Writer, v *flow.Value) error {
	m := &valueMarkdown{v: v}
	fmt.Fprintf(&m.out, "# %s\n", m.cell(v.Title()))
	if v.Into != "" {
		m.sources()
	}
	m.way()
	m.forks()
	m.gaps()
	_, err := w.Write(m.out.Bytes())
	return err
}

type valueMarkdown struct {
	v   *flow.Value
	out bytes.Buffer
}

// sources is what can end in the place that was asked for.
func (m *valueMarkdown) sources() {
	if len(m.v.Sources) == 0 {
		m.out.WriteString("\nNothing is seen to end there.\n")
		return
	}
	m.out.WriteString("\n| | from | by | to |\n|---|---|---|---|\n")
	for _, s := range m.v.Sources {
		to := fmt.Sprintf("%s:%d", s.File, s.Line)
		if s.Hop >= 0 {
			to = m.place(m.v.Hops[s.Hop])
		}
		fmt.Fprintf(&m.out, "| %s | %s | %s | %s |\n", s.Kind, m.code(s.Says()), m.codes(s.Through), to)
	}
}

func (m *valueMarkdown) way() {
	if len(m.v.Ends) == 0 && m.v.Into == "" {
		m.out.WriteString("\nThe value is not seen to be written anywhere.\n")
	}
	for _, s := range m.v.Stretches(m.v.Furthest()) {
		fmt.Fprintf(&m.out, "\n## %s\n\n| place | code | held in | done to it | under |\n|---|---|---|---|---|\n", m.cell(s.Component))
		for _, holder := range s.Holders {
			for _, h := range holder.Hops {
				fmt.Fprintf(&m.out, "| %s | %s | %s | %s | %s |\n", m.place(h), m.code(h.Code), m.held(h), m.cell(h.Did), m.codes(h.Under))
			}
		}
		if s.Leaves != nil {
			fmt.Fprintf(&m.out, "\n**%s** %s\n", s.Leaves.Kind, m.code(s.Leaves.Detail))
		}
	}
	if len(m.v.Ends) > 0 {
		fmt.Fprintf(&m.out, "\n■ %s\n", m.cell(m.v.Ends[0].Says()))
	}
}

func (m *valueMarkdown) forks() {
	forks := m.v.Forks()
	if len(forks) == 0 {
		return
	}
	m.out.WriteString("\n## It also goes to\n\n| program | end | place | from |\n|---|---|---|---|\n")
	for _, f := range forks {
		h, from := m.v.Hops[f.End.Hop], ""
		if f.From >= 0 {
			from = m.place(m.v.Hops[f.From])
		}
		fmt.Fprintf(&m.out, "| %s | %s | %s | %s |\n", m.cell(h.Component), m.cell(f.End.Says()), m.place(h), from)
	}
}

func (m *valueMarkdown) gaps() {
	if len(m.v.Gaps) == 0 {
		return
	}
	m.out.WriteString("\n## From here it is not followed\n\n")
	for _, g := range m.v.Gaps {
		at := ""
		if g.Hop >= 0 {
			at = " (" + m.place(m.v.Hops[g.Hop]) + ")"
		}
		fmt.Fprintf(&m.out, "- %s%s\n", m.cell(g.Reason), at)
	}
}

// held is the field and the names in documents.
func (m *valueMarkdown) held(h flow.ValueHop) string {
	return strings.TrimSpace(m.code(h.Place) + " " + m.quoted(h.Wire))
}

func (m *valueMarkdown) quoted(wire string) string {
	if wire == "" {
		return ""
	}
	return m.code(`"` + wire + `"`)
}

func (m *valueMarkdown) place(h flow.ValueHop) string {
	text := fmt.Sprintf("%s:%d", h.File, h.Line)
	if link := m.v.Component(h.Component).Link(h.Site); link != "" {
		return fmt.Sprintf("[%s](%s)", text, link)
	}
	return text
}

// cell is text in a cell of a table.
func (m *valueMarkdown) cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;", "*", "\\*", "_", "\\_").Replace(printable(text))
}

// code is text as code in a cell, which a backquote in it must not end.
func (m *valueMarkdown) code(text string) string {
	if text == "" {
		return ""
	}
	text = strings.NewReplacer("|", "\\|", "\n", " ").Replace(printable(text))
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

func (m *valueMarkdown) codes(texts []string) string {
	var out []string
	for _, t := range texts {
		out = append(out, m.code(t))
	}
	return strings.Join(out, " ")
}
