package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Soundness writes a page on several commands that were run: a table with their
// figures, the steps that did not run, and what is missed by cause.
func Soundness(w io.Writer, flows []*flow.Flow) error {
	p := &soundness{}
	p.WriteString(soundnessHead)
	p.table(flows)
	p.notRun(flows)
	p.unjoined(flows)
	p.causes(flows)
	_, err := w.Write(p.Bytes())
	return err
}

// soundnessHead says what the figures are.
const soundnessHead = `# Soundness

Each command was run by programs that note every function which is entered, and
what ran is held against what is told of it. Written by callroute verify.

- *steps that ran*: of the steps of the told route. One that did not is wrong, or
  another run takes it: which, the list below says.
- *crossings in order*: of the told route's crossings between processes, those that
  were seen after the one before.
- *functions told*: of the system's own functions that ran once each process had
  set itself up, those that are anywhere in the trace.
- *calls told*: of the calls between two of these, those that are edges.
- *arrivals told*: of the handlers and commands that ran.
- *last effect*: whether the told route ends where the last effect that lasts comes
  from (the end), whether that is told as a branch (beside), or missed.

`

type soundness struct{ bytes.Buffer }

func (p *soundness) table(flows []*flow.Flow) {
	p.WriteString("| command | steps that ran | crossings in order | functions told | calls told | arrivals told | last effect |\n|---|---|---|---|---|---|---|\n")
	var steps, crossings, functions, calls, arrivals flow.Share
	for _, f := range flows {
		o := f.Observed
		last := "none"
		if o.Last != nil {
			last = "missed"
			switch {
			case o.Last.Spine:
				last = "the end"
			case o.Last.Told:
				last = "beside"
			}
		}
		fmt.Fprintf(p, "| `%s` | %s | %s | %s | %s | %s | %s |\n", cell(strings.Join(o.Command, " ")),
			fraction(o.Steps), fraction(o.Crossings), fraction(o.Functions), fraction(o.Calls), fraction(o.Arrivals), last)
		for total, s := range map[*flow.Share]flow.Share{&steps: o.Steps, &crossings: o.Crossings, &functions: o.Functions, &calls: o.Calls, &arrivals: o.Arrivals} {
			total.All += s.All
			total.Are += s.Are
		}
	}
	fmt.Fprintf(p, "| all | %s | %s | %s | %s | %s | |\n", percent(steps), percent(crossings), percent(functions), percent(calls), percent(arrivals))
}

func fraction(s flow.Share) string {
	if s.All == 0 {
		return "–"
	}
	return fmt.Sprintf("%d/%d", s.Are, s.All)
}

// cell is text that ends no cell of a table and no code.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "`", "'").Replace(printable(s))
}

func (p *soundness) notRun(flows []*flow.Flow) {
	p.WriteString("\n## Told, and did not run\n\n")
	none := true
	for _, f := range flows {
		nodes := map[int]flow.Node{}
		for _, n := range f.Nodes {
			nodes[n.ID] = n
		}
		for _, n := range f.Observed.NotRun {
			none = false
			node := nodes[n.Node]
			fmt.Fprintf(p, "- `%s`: `%s` %s:%d, %s\n", cell(strings.Join(f.Observed.Command, " ")), short(node.Func), node.File, node.Line, n.Class)
		}
	}
	if none {
		p.WriteString("Nothing.\n")
	}
}

// unjoined lists the calls between told functions that are no edges, each once.
func (p *soundness) unjoined(flows []*flow.Flow) {
	p.WriteString("\n## Called, and no edge of the trace\n\n")
	lines := map[string]int{}
	for _, f := range flows {
		nodes := map[int]flow.Node{}
		for _, n := range f.Nodes {
			nodes[n.ID] = n
		}
		for _, u := range f.Observed.Unjoined {
			from, to := nodes[u.From], nodes[u.To]
			lines[fmt.Sprintf("- %s: `%s` → `%s` at %s:%d", from.Component, short(from.Func), short(to.Func), from.File, u.Line)]++
		}
	}
	for _, line := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(p, "%s, %s\n", line, count(lines[line], "command"))
	}
	if len(lines) == 0 {
		p.WriteString("None.\n")
	}
}

// causes lists what is missed over all commands: each function once, with the
// number of commands.
func (p *soundness) causes(flows []*flow.Flow) {
	p.WriteString("\n## Ran, and is not told\n")
	commands := map[string]int{}
	var all []flow.Missed
	for _, f := range flows {
		for _, m := range f.Observed.Missed {
			key := m.Component + " " + m.Func + " " + m.Class
			if commands[key]++; commands[key] == 1 {
				all = append(all, m)
			}
		}
	}
	for _, c := range causes(all) {
		fmt.Fprintf(p, "\n### %s: %s\n\n| function | program | lost at | commands |\n|---|---|---|---|\n", strings.ToUpper(c.class[:1])+c.class[1:], count(len(c.of), "function"))
		slices.SortStableFunc(c.of, func(a, b flow.Missed) int { return strings.Compare(a.Component+a.At, b.Component+b.At) })
		for _, m := range c.of {
			fmt.Fprintf(p, "| `%s` %s | %s | %s | %d |\n", short(m.Func), place(m.Site), m.Component, cell(m.At), commands[m.Component+" "+m.Func+" "+m.Class])
		}
	}
}
