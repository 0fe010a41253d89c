package diagram

import (
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Sequence writes what happens as a sequence diagram in Mermaid's language: the
// programs, what crosses between them and comes back, and what each does on the way
// of the spine. It is split like Mermaid's, between what the command itself does.
func Sequence(w io.Writer, f *flow.Flow, o Options) error {
	p, err := pick(f, Options{Lang: o.Lang})
	if err != nil {
		return err
	}
	blocks := p.messages(mermaidMessages{})
	head := "sequenceDiagram\n  autonumber\n"
	for i, name := range p.participants() {
		head += fmt.Sprintf("  participant p%d as %s\n", i, mermaidText(name))
	}
	var parts []string
	part := head
	for _, block := range blocks {
		if len(part)+len(block) > mermaidLimit && part != head {
			parts = append(parts, part)
			part = head
		}
		part += block
	}
	return writeParts(w, append(parts, part))
}

// PlantUML writes what happens as a sequence diagram in PlantUML's language.
func PlantUML(w io.Writer, f *flow.Flow, o Options) error {
	p, err := pick(f, Options{Lang: o.Lang})
	if err != nil {
		return err
	}
	blocks := p.messages(plantMessages{})
	var b strings.Builder
	fmt.Fprintf(&b, "@startuml\ntitle %s\nautonumber\nhide footbox\n", plantText(p.title()))
	for i, name := range p.participants() {
		fmt.Fprintf(&b, "participant \"%s\" as p%d\n", plantText(name), i)
	}
	if len(p.lanes) == 0 {
		b.WriteString("participant \"no step\" as p0\n") // an empty diagram is a syntax error
	}
	for _, block := range blocks {
		b.WriteString(block)
	}
	b.WriteString("@enduml\n")
	_, err = io.WriteString(w, b.String())
	return err
}

// participants is the programs of a sequence, those of the spine first. Each has a
// lane once a message was written that needs it.
func (p *picture) participants() []string {
	names := make([]string, len(p.laneOf))
	for name, i := range p.laneOf {
		names[i] = name
	}
	return names
}

// participant is the lane of a program, made when it is first asked for.
func (p *picture) participant(name string) int {
	i, ok := p.laneOf[name]
	if !ok {
		i = len(p.laneOf)
		p.laneOf[name] = i
	}
	return i
}

// notation is how a language writes the lines of a sequence diagram.
type notation interface {
	message(from, to int, text string) string
	// answer is what comes back of a message.
	answer(from, to int) string
	// note is what a program does between two messages.
	note(lane int, lines []string) string
	// frame is a part that is repeated, or may be left out.
	frame(kind frame, text string) (begin, end string)
}

// frame is why a part of a sequence stands in a box.
type frame string

const (
	repeated frame = "loop"
	optional frame = "opt"
)

// mostMessages is how many messages a sequence has: more are on no screen.
const mostMessages = 80

// mostInNote is how many functions of a process a note names: the first and
// the last ones.
const mostInNote = 6

// messages is the lines of a sequence diagram, in blocks that belong together: of
// what happens, or of the spine where only that is known.
func (p *picture) messages(n notation) []string {
	tales := p.Tales()
	if len(tales) == 0 {
		return p.spineMessages(n)
	}
	room := mostMessages
	var blocks []string
	for _, t := range tales {
		blocks = append(blocks, p.told(n, t, &room))
	}
	return blocks
}

// told is the lines of one moment and of what comes of it.
func (p *picture) told(n notation, t flow.Tale, room *int) string {
	if *room <= 0 {
		return ""
	}
	from := p.participant(t.Program)
	var b strings.Builder
	if t.Main {
		b.WriteString(n.note(from, p.noted(t.Way)))
	}
	if t.To == 0 {
		if t.Main {
			e := p.Does(t.Moment)
			b.WriteString(n.note(from, []string{Fit(e.Verb+" "+e.What, 2*longestWords)}))
		}
		return b.String()
	}
	*room--
	to := p.participant(t.Enters)
	var ends []string
	enter := func(kind frame, text string) {
		begin, end := n.frame(kind, text)
		b.WriteString(begin)
		ends = append(ends, end)
	}
	if t.When == flow.If {
		enter(optional, Fit(p.Condition(t.Moment), 2*longestWords))
	}
	if t.Repeated {
		enter(repeated, "")
	}
	b.WriteString(n.message(from, to, Fit(strings.TrimSpace(string(t.Kind)+" "+t.Detail), 2*longestWords)))
	for _, inner := range t.Inner {
		b.WriteString(p.told(n, inner, room))
	}
	if from != to {
		b.WriteString(n.answer(to, from))
	}
	for i := range ends {
		b.WriteString(ends[len(ends)-1-i])
	}
	return b.String()
}

// noted is the functions of a way, as a note has room for them.
func (p *picture) noted(way []int) []string {
	var steps []string
	for _, id := range way {
		steps = append(steps, FitName(p.Name(p.Node[id]), longestName))
		for _, g := range p.GapsAfter[id] {
			steps = append(steps, "? "+Fit(strings.TrimSpace(string(g.Kind)+" "+g.Detail), longestWords))
		}
	}
	return p.shortened(steps)
}

// shortened is the first and the last lines of a note.
func (p *picture) shortened(steps []string) []string {
	more := len(steps) - mostInNote
	if more <= 0 {
		return steps
	}
	cut := append(append([]string{}, steps[:mostInNote/2]...), fmt.Sprintf(p.say.more, more))
	return append(cut, steps[len(steps)-mostInNote/2:]...)
}

// spineMessages is the messages of the spine alone.
func (p *picture) spineMessages(n notation) []string {
	var out []string
	var way []int
	for i, id := range p.Spine {
		way = append(way, id)
		e := p.Onward(i)
		if !e.Kind.Process() && i+1 < len(p.Spine) {
			continue
		}
		lane := p.laneOf[p.Node[id].Component]
		out = append(out, n.note(lane, p.noted(way)))
		if e.Kind.Process() {
			out = append(out, n.message(lane, p.laneOf[p.Node[e.To].Component], Fit(says(e), 2*longestWords)))
		}
		way = nil
	}
	return out
}

type mermaidMessages struct{}

func (mermaidMessages) message(from, to int, text string) string {
	return fmt.Sprintf("  p%d->>p%d: %s\n", from, to, mermaidText(text))
}

func (mermaidMessages) answer(from, to int) string { return fmt.Sprintf("  p%d-->>p%d: \n", from, to) }

func (mermaidMessages) frame(kind frame, text string) (begin, end string) {
	return fmt.Sprintf("  %s %s\n", kind, mermaidText(text)), "  end\n"
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

func (plantMessages) answer(from, to int) string { return fmt.Sprintf("p%d --> p%d\n", from, to) }

func (plantMessages) frame(kind frame, text string) (begin, end string) {
	return fmt.Sprintf("%s %s\n", kind, plantText(text)), "end\n"
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
