package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

const (
	defaultWidth = 80
	// A place longer than this pushes its function to the right instead of
	// widening the column for every other row.
	maxPlace = 48
	// More functions with gaps than this are counted, not shown.
	maxBranchGaps = 8
	// More other answers of one step than this are counted, not shown.
	maxAnswers = 6
	// So is what one function does to the machine.
	maxEffects = 4
)

// TextOptions says how a text view is drawn.
type TextOptions struct {
	Width int  // terminal columns to fill; 0 means 80
	Color bool // ANSI colours
	Tree  bool // every branch, not only the spine
}

// Text writes the route of f as a person would tell it.
func Text(w io.Writer, f *flow.Flow, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	r, err := newRoute(f)
	if err != nil {
		return err
	}
	t := &text{route: r, options: o, paint: paint{o.Color}, shown: make(map[int]bool), told: make(map[string]bool)}
	t.header()
	t.align()
	t.spine()
	if o.Tree {
		t.unentered()
	}
	t.summary()
	_, err = w.Write(t.Bytes())
	return err
}

// text is the page being written.
type text struct {
	bytes.Buffer
	*route
	options TextOptions
	paint   paint
	place   int             // cells of the column that holds places
	shown   map[int]bool    // nodes expanded on a branch
	told    map[string]bool // places of registration
}

func (t *text) line(parts ...string) {
	t.WriteString(strings.TrimRight(strings.Join(parts, ""), " "))
	t.WriteByte('\n')
}

// header names the command, and on a second line the processes it runs through.
func (t *text) header() {
	t.line(t.paint.title(strings.Join(append([]string{t.Program}, t.Command...), " ")))
	if len(t.Args) > 0 {
		t.line(t.paint.aside("with " + printable(strings.Join(t.Args, " ")) + "; other flags have their defaults"))
	}
	sections := t.Sections()
	if len(sections) < 2 {
		return
	}
	var (
		row  strings.Builder
		used int
	)
	add := func(plain, painted string) {
		if used > 0 && used+columns(plain) > t.options.Width {
			t.line(row.String())
			row.Reset()
			row.WriteString("  ")
			used = 2
		}
		row.WriteString(painted)
		used += columns(plain)
	}
	last := -1
	for i, s := range sections {
		arrow := ""
		if i > 0 {
			arrow = fmt.Sprintf(" ═%s═▶ ", t.Onward(last).Kind)
		}
		add(arrow+s.Component.Name, t.paint.crossing(arrow)+t.paint.program(s.Component.Name))
		last += len(s.Steps)
	}
	t.line(row.String())
}

// align chooses the column of functions.
func (t *text) align() {
	for _, n := range t.Nodes {
		if _, onSpine := t.Position[n.ID]; !onSpine && !t.options.Tree {
			continue
		}
		if c := columns(place(flow.Site{File: n.File, Line: n.Line})); c <= maxPlace {
			t.place = max(t.place, c)
		}
	}
}

func (t *text) spine() {
	i := 0
	for _, s := range t.Sections() {
		if i > 0 {
			t.leave(t.Onward(i - 1))
		}
		t.line()
		t.program(s.Component)
		for range s.Steps {
			t.step(i)
			i++
		}
	}
}

func (t *text) program(c flow.Component) {
	parts := []string{c.Package}
	if c.Version != "" {
		parts = append(parts, c.Version)
	}
	if c.Dir != "" && c.Dir != "." {
		parts = append(parts, "in "+c.Dir)
	}
	t.line(t.paint.program(c.Name), "  ", t.paint.aside(strings.Join(parts, "  ")))
}

// summary tells the size of what was found, and what was not found.
func (t *text) summary() {
	t.line()
	if !t.options.Tree {
		t.gapsOnBranches()
	}
	var (
		programs        []string
		between, inside tally
	)
	for i, id := range t.Spine {
		programs = append(programs, t.Node[id].Component)
		switch kind := t.Onward(i).Kind; {
		case kind.Process():
			between.add(kind)
		case kind.Crossing():
			inside.add(kind)
		}
	}
	slices.Sort(programs)
	t.line(count(len(slices.Compact(programs)), "program"), ", ",
		count(between.n, "crossing"), " between processes", between.listed())
	if inside.n > 0 {
		t.line(count(inside.n, "step"), " through a table", inside.listed())
	}
	gaps := "no gaps"
	if n := len(t.Flow.Gaps); n > 0 {
		gaps = t.paint.gap(count(n, "gap"))
	}
	t.line(fmt.Sprintf("%s on the route, %d in all; ", count(len(t.Spine), "function"), len(t.Nodes)), gaps)
	t.WriteString(droppedLines(t.Dropped))
	if t.Observed != nil {
		t.line()
		t.observed(t.Observed)
	}
	if !t.options.Tree && len(t.Nodes) > len(t.Spine) {
		t.line(t.paint.aside("--tree shows every branch"))
	}
}

// gapsOnBranches lists the gaps that no step has shown.
func (t *text) gapsOnBranches() {
	var nodes []flow.Node
	for id := range t.GapsAfter {
		if _, onSpine := t.Position[id]; !onSpine {
			nodes = append(nodes, t.Node[id])
		}
	}
	if len(nodes) == 0 {
		return
	}
	slices.SortFunc(nodes, t.CompareNodes)
	t.line("gaps on branches")
	more := 0
	for i, n := range nodes {
		if i >= maxBranchGaps {
			more += len(t.GapsAfter[n.ID])
			continue
		}
		t.row(place(flow.Site{File: n.File, Line: n.Line}), t.paint.title(t.Name(n))+" in "+t.paint.program(n.Component))
		for _, g := range t.GapsAfter[n.ID] {
			t.gap(n, g)
		}
	}
	if more > 0 {
		t.line(indent, "and ", count(more, "more gap"))
	}
	t.line()
}

// droppedLines says what the loader left out, if anything.
func droppedLines(d flow.Dropped) string {
	var lines strings.Builder
	if d.Functions > 0 {
		fmt.Fprintf(&lines, "left out: %s whose types are incomplete or which need cgo\n", count(d.Functions, "function"))
	}
	var unexplained []string
	for _, path := range slices.Sorted(slices.Values(d.Packages)) {
		if why := d.Why[path]; why != "" {
			fmt.Fprintf(&lines, "not found: %s: %s\n", path, why)
		} else {
			unexplained = append(unexplained, path)
		}
	}
	if len(unexplained) > 0 {
		fmt.Fprintf(&lines, "not found: %s\n", strings.Join(unexplained, ", "))
	}
	for _, note := range d.Notes {
		fmt.Fprintln(&lines, note)
	}
	return lines.String()
}
