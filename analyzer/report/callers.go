package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// CallersOptions says how much of each way is shown.
type CallersOptions struct {
	TextOptions
	Ways bool // every step with its place, not only the programs on the way
}

// Most of the functions that are meant are listed, and of those that nothing calls.
const mostTargets = 20

// Callers writes what reaches some functions, by kinds.
func Callers(w io.Writer, c *flow.Callers, o CallersOptions) error {
	v := &callersView{paint: paint{o.Color}, names: namesOf(c.Programs), ways: o.Ways}
	v.targets(c)
	v.crossings(c.Peers)
	for i := 0; i < len(c.Callers); {
		end := i
		for end < len(c.Callers) && title(c.Callers[end]) == title(c.Callers[i]) {
			end++
		}
		v.group(c.Callers[i:end])
		i = end
	}
	v.summary(c)
	_, err := w.Write(v.Bytes())
	return err
}

// Path writes one way with the place of each step, and who takes it.
func Path(w io.Writer, p *flow.Path, o TextOptions) error {
	v := &callersView{paint: paint{o.Color}, names: namesOf(p.Programs)}
	by := "taken by " + v.entry(p.Caller)
	switch {
	case p.Exported:
		by = "taken by whoever calls an exported function"
	case p.Idle:
		by = "nothing is seen to call its first function"
	}
	fmt.Fprintf(v, "%s\n%s\n", v.paint.title(v.brief(p.Caller)), v.paint.aside(by))
	v.way(p.Way)
	_, err := w.Write(v.Bytes())
	return err
}

type callersView struct {
	bytes.Buffer
	paint paint
	names names
	ways  bool
}

func (v *callersView) targets(c *flow.Callers) {
	for _, t := range c.Targets[:min(len(c.Targets), mostTargets)] {
		note := ""
		if t.Idle {
			note = "  nothing in its program is seen to call it"
		}
		fmt.Fprintf(v, "%s  %s  in %s%s\n", v.paint.title(v.name(t.Program, t.Func, t.Decl)), v.paint.place(place(t.Site)), v.paint.program(t.Program), v.paint.aside(note))
	}
	if more := len(c.Targets) - mostTargets; more > 0 {
		fmt.Fprintf(v, "and %s\n", count(more, "more function"))
	}
	for _, at := range c.Elsewhere {
		fmt.Fprintf(v, "%s  %s\n", v.paint.place(place(at)), v.paint.aside("in no function: what uses it is not followed"))
	}
}

// crossings writes what stands on the other sides.
func (v *callersView) crossings(all []flow.Crossing) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(v, "\n%s\n", v.paint.program("crossings"))
	for _, c := range all {
		fmt.Fprintf(v, "%s%s\n", indent, v.paint.crossing(printable(string(c.Kind)+" "+flow.Brief(c.Kind, c.Key))))
		for _, side := range []struct {
			word string
			all  []string
		}{{"from", c.From}, {"to", c.To}} {
			if len(side.all) > 0 {
				fmt.Fprintf(v, "%s%s %s\n", indent+indent, side.word, v.names.list(side.all))
			}
		}
	}
}

// title is the heading that a caller stands under.
func title(c flow.Caller) string {
	switch {
	case c.Exported:
		return "exported functions"
	case c.Idle:
		return "functions that nothing is seen to call"
	case c.Kind == "":
		return "starts of programs"
	case c.Kind == flow.Registration:
		return "commands"
	}
	return c.Kind.Title()
}

// group writes callers of one kind.
func (v *callersView) group(callers []flow.Caller) {
	fmt.Fprintf(v, "\n%s\n", v.paint.program(title(callers[0])))
	width := 0
	for _, c := range callers {
		if n := columns(v.entry(c)); n <= maxPlace {
			width = max(width, n)
		}
	}
	for _, c := range callers {
		entry := v.entry(c)
		fmt.Fprintf(v, "%s%s%s  %s\n", indent, v.paint.title(entry), strings.Repeat(" ", max(0, width-columns(entry))), v.paint.aside(v.brief(c)))
		if v.ways {
			v.way(c.Way)
		}
	}
}

// entry is what a person asks for, as callroute trace takes it.
func (v *callersView) entry(c flow.Caller) string {
	if c.Idle || c.Exported {
		return c.Program + " " + v.name(c.Program, c.Way[0].Func, c.Way[0].Decl)
	}
	return printable(strings.Join(append([]string{c.Program}, c.Words...), " "))
}

// brief is the programs on a way and how many steps it has.
func (v *callersView) brief(c flow.Caller) string {
	var out strings.Builder
	for _, s := range c.Way {
		if s.Next != nil && s.Next.Kind.Process() {
			fmt.Fprintf(&out, "%s ═%s═▶ ", s.Program, s.Next.Kind)
		}
	}
	last := c.Way[len(c.Way)-1]
	fmt.Fprintf(&out, "%s %s, %s", last.Program, v.name(last.Program, last.Func, last.Decl), count(len(c.Way), "step"))
	return out.String()
}

// way writes the steps of a way.
func (v *callersView) way(way []flow.Step) {
	width := 0
	for _, s := range way {
		if c := columns(place(s.Site)); c <= maxPlace {
			width = max(width, c)
		}
	}
	for i, s := range way {
		at := place(s.Site)
		if i == 0 || way[i-1].Program != s.Program {
			fmt.Fprintf(v, "%s%s\n", indent+indent, v.paint.program(s.Program))
		}
		fmt.Fprintf(v, "%s%s%s  %s\n", indent+indent+indent, v.paint.place(at), strings.Repeat(" ", max(0, width-columns(at))), v.name(s.Program, s.Func, s.Decl))
		if n := s.Next; n != nil && (n.Kind.Crossing() || n.Candidates > 1) {
			words := described(flow.Edge{Kind: n.Kind, Detail: n.Detail, Candidates: n.Candidates})
			fmt.Fprintf(v, "%s:%d%s  %s\n", indent+indent+indent, n.Site.Line, strings.Repeat(" ", max(0, width-columns(fmt.Sprintf(":%d", n.Site.Line)))), v.paint.crossing("══ "+words+" ══▶"))
		}
	}
}

func (v *callersView) name(program, fn, decl string) string {
	name := flow.ShortIn(v.names[program], fn)
	if decl != "" {
		return decl + " " + name
	}
	return name
}

// summary counts what was found, and what may be missing.
func (v *callersView) summary(c *flow.Callers) {
	var programs []string
	for _, caller := range c.Callers {
		programs = append(programs, caller.Program)
	}
	slices.Sort(programs)
	fmt.Fprintf(v, "\n%s reached from %s of %s\n", count(len(c.Targets), "function"), count(len(c.Callers), "entry"), count(len(slices.Compact(programs)), "program"))
	if c.Cut > 0 {
		fmt.Fprintf(v, "left out: %s that nothing is seen to call\n", count(c.Cut, "more function"))
	}
	if c.Unknown+c.Unjoined > 0 {
		fmt.Fprintf(v, "%s whose target is not known and %s without a partner may be more ways\n", count(c.Unknown, "call"), count(c.Unjoined, "request"))
	}
	v.WriteString(droppedLines(c.Dropped))
}
