package article

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// What happens, in words: a paragraph, and a sentence for each crossing and effect
// that is told, with what comes of it below.

// deepest is how many crossings, one behind the other, are told below each other.
// What lies deeper is on the map and in the sequence.
const deepest = 8

// longestUnder is how much of a condition is said, in bytes.
const longestUnder = 120

func (m *markdown) story() {
	tales := m.Tales()
	if len(tales) == 0 {
		return
	}
	m.line("## %s\n", m.say.Story)
	m.line("%s\n", m.paragraph(tales))
	m.tales(tales, 0)
	m.line("")
}

// paragraph says which programs there are, what the first asks for, and what lasts.
func (m *markdown) paragraph(tales []flow.Tale) string {
	var programs, requests []string
	for _, s := range m.Sections {
		if name := code(s.Component.Name); !slices.Contains(programs, name) {
			programs = append(programs, name)
		}
	}
	for _, t := range tales {
		if t.To != 0 && t.When != flow.If {
			requests = append(requests, code(strings.TrimSpace(string(t.Kind)+" "+t.Detail)))
		}
	}
	what := text(strings.Join(append(append([]string{m.Program}, m.Command...), m.Args...), " "))
	out := fmt.Sprintf(m.say.RunsThrough, what, strings.Join(programs, m.say.Then))
	if len(requests) > 0 {
		out += " " + fmt.Sprintf(m.say.InOrder, programs[0], strings.Join(requests, m.say.And))
	}
	if last := m.lasting(); last != "" {
		out += " " + last
	}
	return out
}

// lasting says what the spine ends with, where that is an effect.
func (m *markdown) lasting() string {
	for _, p := range m.Phases {
		for _, x := range p.Moments {
			if x.Main && x.To == 0 {
				e := m.Does(x)
				return fmt.Sprintf(m.say.Lasts, code(p.Component), m.verb(e), code(e.What))
			}
		}
	}
	return ""
}

// verb is what an effect does, in the language of the article.
func (m *markdown) verb(e flow.Effect) string {
	if said, ok := m.say.Verbs[e.Verb]; ok {
		return said
	}
	return text(e.Verb)
}

func (m *markdown) tales(tales []flow.Tale, depth int) {
	for i, t := range tales {
		mark := "-"
		if depth == 0 {
			mark = fmt.Sprintf("%d.", i+1)
		}
		m.line("%s%s %s", strings.Repeat("   ", depth), mark, m.sentence(t))
		if depth < deepest {
			m.tales(t.Inner, depth+1)
		}
	}
}

// sentence tells one moment.
func (m *markdown) sentence(t flow.Tale) string {
	in := code(m.Name(m.Node[t.At()]))
	var out string
	switch {
	case t.To == 0:
		e := m.Does(t.Moment)
		out = fmt.Sprintf(m.say.Acts, code(t.Program), m.verb(e), code(e.What), in)
	case t.Kind == flow.Exec && t.Enters == t.Program:
		out = fmt.Sprintf(m.say.StartsItself, code(t.Program), code(t.Detail), in)
	case t.Kind == flow.Exec:
		out = fmt.Sprintf(m.say.Starts, code(t.Program), code(t.Enters), code(t.Detail), in)
	default:
		out = fmt.Sprintf(m.say.Asks, code(t.Program), code(t.Enters), code(string(t.Kind)+" "+t.Detail), in)
	}
	var notes []string
	switch t.When {
	case flow.If:
		note := m.say.WhenOpen
		if under := m.Condition(t.Moment); under != "" {
			note = fmt.Sprintf(m.say.WhenUnder, code(cut(under)))
		}
		notes = append(notes, note)
	case flow.Or:
		notes = append(notes, m.say.WhenChosen)
	case flow.Aside:
		notes = append(notes, m.say.WhenLeft)
	case flow.Off:
		notes = append(notes, m.say.WhenFlagged)
	}
	if t.Repeated {
		notes = append(notes, m.say.InLoop)
	}
	if t.Again {
		notes = append(notes, m.say.ToldAbove)
	}
	if len(notes) > 0 {
		out += " " + fmt.Sprintf(m.say.Notes, strings.Join(notes, m.say.And))
	}
	return out
}

func cut(s string) string {
	if len(s) <= longestUnder {
		return s
	}
	return strings.ToValidUTF8(s[:longestUnder], "") + "…"
}
