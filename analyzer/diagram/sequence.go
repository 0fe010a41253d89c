package diagram

import (
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Sequence writes the spine of f as a sequence diagram in Mermaid's language:
// the programs, what crosses between them, and what each does in between. It
// is split like Mermaid's.
func Sequence(w io.Writer, f *flow.Flow, o Options) error {
	p, err := pick(f, Options{Lang: o.Lang})
	if err != nil {
		return err
	}
	head := "sequenceDiagram\n  autonumber\n"
	for i, l := range p.lanes {
		head += fmt.Sprintf("  participant p%d as %s\n", i, mermaidText(l.component.Name))
	}
	var parts []string
	part := head
	for _, line := range p.messages(mermaidMessages{}) {
		if len(part)+len(line) > mermaidLimit {
			parts = append(parts, part)
			part = head
		}
		part += line
	}
	return writeParts(w, append(parts, part))
}

// PlantUML writes the spine of f as a sequence diagram in PlantUML's language.
func PlantUML(w io.Writer, f *flow.Flow, o Options) error {
	p, err := pick(f, Options{Lang: o.Lang})
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "@startuml\ntitle %s\nautonumber\nhide footbox\n", plantText(p.title()))
	for i, l := range p.lanes {
		fmt.Fprintf(&b, "participant \"%s\" as p%d\n", plantText(l.component.Name), i)
	}
	if len(p.lanes) == 0 {
		b.WriteString("participant \"no step\" as p0\n") // an empty diagram is a syntax error
	}
	for _, line := range p.messages(plantMessages{}) {
		b.WriteString(line)
	}
	b.WriteString("@enduml\n")
	_, err = io.WriteString(w, b.String())
	return err
}

// notation is how a language writes the lines of a sequence diagram.
type notation interface {
	message(from, to int, text string) string
	// note is what a program does between two messages.
	note(lane int, lines []string) string
}

// mostInNote is how many functions of a process a note names: the first and
// the last ones.
const mostInNote = 6

// messages is the lines of a sequence diagram of the spine.
func (p *picture) messages(n notation) []string {
	var out []string
	var steps []string
	flush := func(lane int) {
		if more := len(steps) - mostInNote; more > 0 {
			cut := append([]string{}, steps[:mostInNote/2]...)
			cut = append(cut, fmt.Sprintf(p.say.more, more))
			steps = append(cut, steps[len(steps)-mostInNote/2:]...)
		}
		if len(steps) > 0 {
			out = append(out, n.note(lane, steps))
		}
		steps = nil
	}
	for i, id := range p.Spine {
		node := p.Node[id]
		lane := p.laneOf[node.Component]
		steps = append(steps, FitName(p.Name(node), longestName))
		for _, g := range p.GapsAfter[id] {
			steps = append(steps, "? "+Fit(strings.TrimSpace(string(g.Kind)+" "+g.Detail), longestWords))
		}
		e := p.Onward(i)
		if !e.Kind.Process() {
			continue
		}
		flush(lane)
		out = append(out, n.message(lane, p.laneOf[p.Node[e.To].Component], Fit(says(e), 2*longestWords)))
	}
	if len(p.Spine) > 0 {
		flush(p.laneOf[p.Node[p.Spine[len(p.Spine)-1]].Component])
	}
	return out
}

type mermaidMessages struct{}

func (mermaidMessages) message(from, to int, text string) string {
	return fmt.Sprintf("  p%d->>p%d: %s\n", from, to, mermaidText(text))
}

func (mermaidMessages) note(lane int, lines []string) string {
	escaped := make([]string, len(lines))
	for i, l := range lines {
		escaped[i] = mermaidText(l)
	}
	return fmt.Sprintf("  Note over p%d: %s\n", lane, strings.Join(escaped, "<br/>"))
}

type plantMessages struct{}

func (plantMessages) message(from, to int, text string) string {
	return fmt.Sprintf("p%d -> p%d : %s\n", from, to, plantText(text))
}

func (plantMessages) note(lane int, lines []string) string {
	escaped := make([]string, len(lines))
	for i, l := range lines {
		escaped[i] = plantText(l)
	}
	return fmt.Sprintf("note over p%d\n%s\nend note\n", lane, strings.Join(escaped, "\n"))
}

// plantText keeps PlantUML from reading text as its markup: letters with a
// meaning are written as Unicode escapes.
func plantText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < ' ':
			b.WriteByte(' ')
		case strings.ContainsRune("*/_-~\"'<>[]{}|\\!@#=", r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
