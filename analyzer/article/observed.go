package article

import (
	"fmt"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// ran adds to what a step does that it did not run, of a route that was run.
func (m *markdown) ran(n flow.Node, does string) string {
	ran, known := m.Observed.Ran(n.ID)
	switch {
	case !known || ran || n.Decl != "":
		return does
	case does == "":
		return m.say.NotRun
	}
	return m.say.NotRun + "; " + does
}

// observed tells how the run of a route compares with it.
func (m *markdown) observed() {
	o := m.Observed
	if o == nil {
		return
	}
	m.line("## %s\n\n%s\n", m.say.Observed, code(strings.Join(o.Command, " ")))
	m.line("| | %s | %s |\n|---|---:|---:|", m.say.Ran, m.say.Told)
	m.line("| %s | %d | %d |", m.say.Step, o.Steps.Are, o.Steps.All)
	m.line("| %s | %d | %d |", m.say.Crossings, o.Crossings.Are, o.Crossings.All)
	m.line("| %s | %d | %d |", m.say.Function, o.Functions.All, o.Functions.Are)
	m.line("| %s | %d | %d |", m.say.Callee, o.Calls.All, o.Calls.Are)
	m.line("| %s | %d | %d |\n", m.say.Arrives, o.Arrivals.All, o.Arrivals.Are)
	if len(o.Missed) == 0 {
		return
	}
	m.line("<details><summary>%s (%d)</summary>\n", m.say.Missed, len(o.Missed))
	m.line("| %s | %s | %s |\n|---|---|---|", m.say.Function, m.say.Path, m.say.Cause)
	for i, f := range o.Missed {
		if i == mostBranches {
			m.line("| … %d | | |", len(o.Missed)-mostBranches)
			break
		}
		m.line("| %s | %s | %s |", code(f.Func[strings.LastIndex(f.Func, "/")+1:]), m.place(f.Component, flow.Site{File: f.File, Line: f.Line}), text(fmt.Sprintf("%s: %s", f.Class, f.At)))
	}
	m.line("\n</details>\n")
}
