package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Of a process the brief view names the function in which it is entered and the
// last one, and of the last process so many.
const lastSteps = 3

// Brief writes the route of f in one screen: for each process where it is
// entered, how many functions come after that, and where it is left or what it
// does at last.
func Brief(w io.Writer, f *flow.Flow, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	r, err := newRoute(f)
	if err != nil {
		return err
	}
	t := &text{route: r, options: o, paint: paint{o.Color}, shown: make(map[int]bool), told: make(map[string]bool)}
	t.header()
	t.brief()
	t.line()
	gaps := "no gaps"
	if n := len(t.Flow.Gaps); n > 0 {
		gaps = count(n, "gap")
	}
	t.line(fmt.Sprintf("%s on the route, %d in all; %s", count(len(t.Spine), "function"), len(t.Nodes), gaps))
	t.WriteString(droppedLines(t.Dropped))
	_, err = w.Write(t.Bytes())
	return err
}

func (t *text) brief() {
	sections := t.Sections()
	at := 0
	for i, s := range sections {
		last := at + len(s.Steps) - 1
		t.line()
		if i > 0 {
			t.line(t.paint.crossing("══ "+described(t.Onward(at-1))+" ══▶ "), t.paint.program(s.Component.Name))
		} else {
			t.line(t.paint.program(s.Component.Name))
		}
		tail := 1
		if i == len(sections)-1 {
			tail = min(lastSteps, len(s.Steps))
		}
		if len(s.Steps) > tail {
			t.briefStep(at, withoutEffects)
		}
		if hidden := len(s.Steps) - tail - 1; hidden > 0 {
			t.line(indent, t.paint.aside("… "+count(hidden, "more function")))
		}
		for j := last - tail + 1; j <= last; j++ {
			t.briefStep(j, withEffects)
		}
		at = last + 1
	}
}

// effectsShown says whether a brief step tells what it does to the machine.
type effectsShown bool

const (
	withEffects    effectsShown = true
	withoutEffects effectsShown = false
)

func (t *text) briefStep(i int, effects effectsShown) {
	n := t.Node[t.Spine[i]]
	where := place(flow.Site{File: shortFile(n.File), Line: n.Line})
	name := t.paint.title(t.Name(n))
	t.line(indent, name, strings.Repeat(" ", max(2, t.options.Width-len(indent)-columns(t.Name(n))-columns(where))), t.paint.place(where))
	if !effects {
		return
	}
	for _, e := range n.Does[:min(len(n.Does), maxEffects)] {
		t.line(indent, indent, clipped(e.Verb+" "+printable(e.What), t.options.Width-2*len(indent)))
	}
	for _, g := range t.GapsAfter[n.ID] {
		t.line(indent, indent, t.paint.gap(clipped(gapTitle(g), t.options.Width-2*len(indent))))
	}
}

// shortFile is a file of a library by the last elements of its path: with its
// module and version it would fill the line.
func shortFile(file string) string {
	_, rest, found := strings.Cut(file, "@")
	if !found {
		return file
	}
	module := file[:len(file)-len(rest)-1]
	_, inside, _ := strings.Cut(rest, "/")
	return module[strings.LastIndexByte(module, '/')+1:] + "/" + inside
}
