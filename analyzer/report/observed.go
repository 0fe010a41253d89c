package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// More functions of one cause than this are counted, not shown.
const maxMissed = 12

// Observed writes what of a route ran, and what ran and is not told.
func Observed(w io.Writer, f *flow.Flow, o TextOptions) error {
	if f.Observed == nil {
		return errors.New("the trace says nothing of a run; callroute verify makes one that does")
	}
	o.Width = cmp.Or(max(o.Width, 0), defaultWidth)
	r, err := newRoute(f)
	if err != nil {
		return err
	}
	t := &text{route: r, options: o, paint: paint{o.Color}}
	t.observed(f.Observed)
	_, err = w.Write(t.Bytes())
	return err
}

func (t *text) observed(o *flow.Observed) {
	t.line(t.paint.title(printable(strings.Join(o.Command, " "))), t.paint.aside(fmt.Sprintf("  exit status %d, %s", o.Exit, processes(o))))
	t.line()
	for _, f := range []struct {
		what string
		flow.Share
	}{
		{"steps told that ran", o.Steps},
		{"crossings told that ran in this order", o.Crossings},
		{"moments told to come always that came", o.Moments},
		{"functions that ran and are told", o.Functions},
		{"calls between them that are told", o.Calls},
		{"handlers and commands that ran and are told", o.Arrivals},
	} {
		t.line(indent, fmt.Sprintf("%-44s", f.what), share(f.Share))
	}
	t.last(o)
	if len(o.NotRun) > 0 {
		t.line()
		t.line("told, and did not run")
		for _, n := range o.NotRun {
			node := t.Node[n.Node]
			t.row(place(flow.Site{File: node.File, Line: node.Line}), t.Name(node)+t.paint.aside("  "+n.Class))
		}
	}
	t.unjoined(o.Unjoined)
	t.missed(o.Missed)
}

// unjoined lists the calls that are no edges.
func (t *text) unjoined(all []flow.Unjoined) {
	if len(all) == 0 {
		return
	}
	t.line()
	t.line("called, and is no edge of the trace")
	for _, u := range all[:min(len(all), maxMissed)] {
		from := t.Node[u.From]
		t.row(place(flow.Site{File: from.File, Line: u.Line}), t.Name(from)+" → "+t.Name(t.Node[u.To])+" in "+t.paint.program(from.Component))
	}
	if more := len(all) - maxMissed; more > 0 {
		t.line(indent, t.paint.aside("and "+count(more, "more call")))
	}
}

// ran marks a function beside the spine that ran.
func (r *route) ran(n flow.Node) string {
	if ran, _ := r.Observed.Ran(n.ID); ran {
		return "  ran"
	}
	return ""
}

// last names the last effect that lasts.
func (t *text) last(o *flow.Observed) {
	if o.Last == nil {
		t.line(indent, "nothing that lasts was done while it ran")
		return
	}
	e := o.Last
	where := "not told"
	switch {
	case e.Spine:
		where = "the route ends there"
	case e.Told:
		where = "told beside the route"
	}
	t.line(indent, fmt.Sprintf("%-44s", "last effect: "+where), printable(e.Component+" "+e.Verb+" "+e.What))
	if e.Func != "" {
		t.line(indent, strings.Repeat(" ", 44), t.paint.aside(short(e.Func)+"  "), t.paint.place(place(e.Site)))
	}
}

// missed lists what is not told, by cause, the largest first.
func (t *text) missed(all []flow.Missed) {
	for _, c := range causes(all) {
		t.line()
		after := ""
		if n := len(slices.DeleteFunc(slices.Clone(c.of), func(m flow.Missed) bool { return !m.After })); n > 0 {
			after = fmt.Sprintf(", %d of them after the command", n)
		}
		t.line("ran, and is not told: ", c.class, t.paint.aside(fmt.Sprintf("  %s%s", count(len(c.of), "function"), after)))
		for _, m := range c.of[:min(len(c.of), maxMissed)] {
			at := ""
			if m.At != "" {
				at = t.paint.aside("  at " + printable(m.At))
			}
			t.row(place(m.Site), short(m.Func)+" in "+t.paint.program(m.Component)+at)
		}
		if more := len(c.of) - maxMissed; more > 0 {
			t.line(indent, t.paint.aside("and "+count(more, "more function")))
		}
	}
}

// cause is what is missed for one reason.
type cause struct {
	class string
	of    []flow.Missed
}

func causes(all []flow.Missed) []cause {
	var out []cause
	for _, m := range all {
		i := slices.IndexFunc(out, func(c cause) bool { return c.class == m.Class })
		if i < 0 {
			i = len(out)
			out = append(out, cause{class: m.Class})
		}
		out[i].of = append(out[i].of, m)
	}
	slices.SortStableFunc(out, func(a, b cause) int { return cmp.Or(len(b.of)-len(a.of), strings.Compare(a.class, b.class)) })
	return out
}

func processes(o *flow.Observed) string {
	started := 0
	for _, p := range o.Processes {
		if p.Started {
			started++
		}
	}
	return fmt.Sprintf("%s started, %d there", countOf(started, "process", "processes"), len(o.Processes)-started)
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func share(s flow.Share) string {
	if s.All == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d, %s", s.Are, s.All, percent(s))
}

// percent rounds down, so that 100 % is all of them.
func percent(s flow.Share) string {
	if s.All == 0 {
		return "–"
	}
	return fmt.Sprintf("%d.%d %%", s.Are*100/s.All, s.Are*1000/s.All%10)
}

// short is a function's name without the folders of its import path.
func short(name string) string { return name[strings.LastIndex(name, "/")+1:] }
