package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// mostForks is how many of the other ends of a value are listed.
const mostForks = 12

// Value writes where a value goes: the way to the end that is reached furthest line
// by line, and where it leaves that way for the other ends; all of them in full with
// o.Tree.
func Value(w io.Writer, v *flow.Value, o TextOptions) error {
	t := &valueText{text: &text{options: o, paint: paint{o.Color}}, v: v, shown: map[int]bool{}}
	t.line(t.paint.title(v.Title()))
	if len(v.Ends) == 0 {
		t.line()
		t.line("The value is not seen to be written anywhere.")
		if v.Last != nil && *v.Last >= 0 {
			t.way(*v.Last)
			t.line(indent, "■ seen last here: it is asked for or compared, or goes where a gap says")
		}
	}
	for i, e := range v.Ends {
		if i == 0 || o.Tree {
			t.way(e.Hop)
			t.line(indent, "■ ", e.Says())
		}
	}
	if !o.Tree {
		t.forks()
	}
	if len(v.Gaps) > 0 {
		t.line()
		t.line(t.paint.gap(count(len(v.Gaps), "gap") + ": from here it is not followed"))
	}
	for _, g := range v.Gaps {
		t.line(indent, g.Reason, t.paint.aside(t.after(g.Hop)))
	}
	_, err := w.Write(t.Bytes())
	return err
}

type valueText struct {
	*text
	v     *flow.Value
	shown map[int]bool // hops
	last  int          // the hop that was shown last
}

// way writes the hops to one that were not written yet.
func (t *valueText) way(last int) {
	hops := t.v.Way(last)
	before := ""
	for i, h := range hops {
		if t.shown[h.ID] {
			before = h.Component
			continue
		}
		if i > 0 && t.last != h.After {
			t.line()
			t.line("from "+t.at(t.v.Hops[h.After]), ":")
		}
		if h.Kind == flow.Call && h.Component != before {
			t.line()
			t.line(t.paint.program(h.Component))
		}
		before = h.Component
		t.hop(h)
		t.shown[h.ID], t.last = true, h.ID
	}
}

// hop writes one line of the source, with what happens there.
func (t *valueText) hop(h flow.ValueHop) {
	t.line(indent, t.paint.place(t.at(h)), "  ", t.paint.aside(h.Func[strings.LastIndexByte(h.Func, '/')+1:]))
	if h.Code != "" {
		t.line(indent, indent, printable(h.Code))
	}
	var what []string
	if h.Place != "" {
		what = append(what, h.Place)
	}
	if h.Wire != "" {
		what = append(what, `"`+h.Wire+`"`)
	}
	if h.Did != "" {
		what = append(what, h.Did)
	}
	if len(h.Under) > 0 {
		t.line(indent, indent, t.paint.aside(strings.Join(h.Under, "; ")))
	}
	if len(what) > 0 {
		t.line(indent, indent, "→ ", strings.Join(what, "; "))
	}
	if h.Kind != flow.Call {
		t.line()
		t.line(t.paint.crossing("══ " + string(h.Kind) + " " + h.Detail + " ══▶"))
	}
}

func (t *valueText) at(h flow.ValueHop) string { return fmt.Sprintf("%s:%d", h.File, h.Line) }

// after says where something is, "" where that is not known.
func (t *valueText) after(hop int) string {
	if hop < 0 {
		return ""
	}
	return " (" + t.at(t.v.Hops[hop]) + ")"
}

// forks lists the ends beside the first.
func (t *valueText) forks() {
	forks := t.v.Forks()
	if len(forks) == 0 {
		return
	}
	t.line()
	t.line("It also goes to:")
	for i, f := range forks {
		if i == mostForks {
			t.line(indent, t.paint.aside(fmt.Sprintf("… %s more; --all shows every way", count(len(forks)-mostForks, "end"))))
			break
		}
		h := t.v.Hops[f.End.Hop]
		from := ""
		if f.From >= 0 {
			from = ", from " + t.at(t.v.Hops[f.From])
		}
		t.line(indent, h.Component, ": ", f.End.Says(), " at ", t.paint.place(t.at(h)), t.paint.aside(from))
	}
}
