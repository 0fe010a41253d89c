package article

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Options says how an article is written.
type Options struct {
	Lang Lang // English if empty
	// Link is where a place can be read, "" for nowhere.
	Link func(c flow.Component, at flow.Site) string
	// Sequence is a sequence diagram in Mermaid's language, if it is to be shown.
	Sequence string
}

// mostBranches is how many calls a fold lists.
const mostBranches = 40

// Markdown writes f as an article in GitHub's Markdown.
func Markdown(w io.Writer, f *flow.Flow, o Options) error {
	a, err := Build(f)
	if err != nil {
		return err
	}
	if o.Lang == "" {
		o.Lang = English
	}
	say, ok := vocabulary[o.Lang]
	if !ok {
		return fmt.Errorf("no language %q: en or zh", o.Lang)
	}
	m := &markdown{Article: a, options: o, say: say}
	m.write()
	_, err = w.Write(m.out.Bytes())
	return err
}

type markdown struct {
	*Article
	options Options
	say     words
	out     bytes.Buffer
}

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(&m.out, format+"\n", args...) }

func (m *markdown) write() {
	m.line("# %s\n", text(strings.Join(append([]string{m.Program}, m.Command...), " ")))
	m.summary()
	if m.options.Sequence != "" {
		m.line("## %s\n\n```mermaid\n%s```\n", m.say.sequence, m.options.Sequence)
	}
	for i, s := range m.Sections {
		m.section(i+1, s)
	}
	m.elsewhere()
	m.line("---\n\n%s", m.say.generated)
}

func (m *markdown) summary() {
	m.line("## %s\n", m.say.summary)
	m.line("| %s | %s | %s | %s |\n|---|---|---|---|", m.say.programs, m.say.crossings, m.say.functions, m.say.gaps)
	m.line("| %d | %d | %s | %d |\n", len(m.Components), len(m.Crossings), fmt.Sprintf(m.say.reached, len(m.Spine), len(m.Nodes)), len(m.Gaps))
	m.line("| %s | %s | %s |\n|---|---|---|", m.say.program, m.say.pkg, m.say.version)
	shown := map[string]bool{}
	for _, s := range m.Sections {
		if c := s.Component; !shown[c.Name] {
			shown[c.Name] = true
			m.line("| %s | %s | %s |", text(c.Name), code(c.Package), text(c.Version))
		}
	}
	m.line("")
	if n := m.Dropped.Functions; n > 0 {
		m.line("%s\n", fmt.Sprintf(m.say.dropped, n))
	}
}

func (m *markdown) section(number int, s Section) {
	m.line("## %d. %s\n", number, text(s.Component.Name))
	m.line("| %s | %s | %s | %s |\n|---|---|---:|---|", m.say.path, m.say.function, m.say.line, m.say.why)
	for _, r := range m.Rows(s) {
		role := map[RowKind]string{SetupRow: m.say.setup, TypeRow: m.say.typeOf, PrepareRow: m.say.prepares}[r.Kind]
		m.line("| %s | %s | %s | %s |", m.linked(s.Component, r.Site, text(r.File)), code(r.Name), m.linked(s.Component, r.Site, fmt.Sprint(r.Line)), role)
	}
	m.line("")
	for _, step := range s.Steps {
		m.step(s.Component, step)
	}
	if s.Next != nil {
		m.crossing(s.Next)
	}
}

func (m *markdown) step(c flow.Component, s Step) {
	at := flow.Site{File: s.File, Line: s.Line}
	m.line("### %s\n\n%s\n", code(s.Name), m.linked(c, at, code(fmt.Sprintf("%s:%d", s.File, s.Line))))
	m.code(s.Code)
	for _, g := range s.Gaps {
		m.gap(g)
	}
	if e := s.Onward; e.Kind != "" && !e.Kind.Process() {
		if len(e.Under) > 0 {
			var conditions []string
			for _, u := range e.Under {
				conditions = append(conditions, code(u))
			}
			m.line("%s: %s\n", m.say.under, strings.Join(conditions, ", "))
		}
		if e.Kind != flow.Call {
			m.line("%s: %s\n", m.say.through, m.kind(e))
		}
	} else if e.Kind == "" {
		m.line("%s\n", m.say.ends)
	}
	m.branches(c, s.Branches)
}

func (m *markdown) kind(e flow.Edge) string {
	how := string(e.Kind)
	if e.Detail != "" {
		how += " " + code(e.Detail)
	}
	if e.Label != "" {
		how += " " + code(e.Label)
	}
	if e.Candidates > 1 {
		how += " (" + fmt.Sprintf(m.say.candidates, e.Candidates) + ")"
	}
	return how
}

// code writes an excerpt, with an ellipsis where lines are left out.
func (m *markdown) code(lines []flow.CodeLine) {
	if len(lines) == 0 {
		return
	}
	fence := "```"
	for _, l := range lines {
		for strings.Contains(l.Text, fence) {
			fence += "`"
		}
	}
	m.line("%sgo", fence)
	for i, l := range lines {
		if i > 0 && l.Line != lines[i-1].Line+1 {
			m.line("%s…", l.Text[:len(l.Text)-len(strings.TrimLeft(l.Text, "\t "))])
		}
		m.line("%s", l.Text)
	}
	m.line("%s\n", fence)
}

func (m *markdown) branches(c flow.Component, edges []flow.Edge) {
	if len(edges) == 0 {
		return
	}
	m.line("<details><summary>%s</summary>\n", fmt.Sprintf(m.say.calls, len(edges)))
	m.line("| %s | %s | %s |\n|---:|---|---|", m.say.at, m.say.callee, m.say.path)
	for i, e := range edges {
		if i == mostBranches {
			m.line("| | … %d | |", len(edges)-mostBranches)
			break
		}
		to := m.Node[e.To]
		at := flow.Site{File: to.File, Line: to.Line}
		how := code(m.Name(to))
		if e.Kind != flow.Call {
			how += " " + text(string(e.Kind)) + " " + text(e.Detail)
		}
		m.line("| %s | %s | %s |", m.linked(c, e.Site, fmt.Sprint(e.Site.Line)), how,
			m.linked(m.Component[to.Component], at, text(fmt.Sprintf("%s:%d", to.File, to.Line))))
	}
	m.line("\n</details>\n")
}

func (m *markdown) crossing(c *Crossing) {
	m.line("### %s: %s → %s\n", m.say.crossing, text(c.From.Component), text(c.To.Component))
	m.line("- %s: %s %s", m.say.sent, c.Kind, code(c.Detail))
	if len(c.Under) > 0 {
		m.line("- %s: %s", m.say.under, code(strings.Join(c.Under, "; ")))
	}
	for _, n := range c.Origins {
		m.line("- %s: %s %s", m.say.decided, code(m.Name(n)), m.place(n.Component, flow.Site{File: n.File, Line: n.Line}))
	}
	for _, r := range c.Registered {
		m.line("- %s: %s", m.say.registered, m.place(c.To.Component, r.Site))
	}
	m.line("- %s: %s %s\n", m.say.arrives, code(m.Name(c.To)), m.place(c.To.Component, flow.Site{File: c.To.File, Line: c.To.Line}))
}

func (m *markdown) gap(g flow.Gap) {
	m.line("> **%s** (%s) %s", m.say.gap, g.Kind, code(g.Detail))
	m.line("> %s: %s", m.say.reason, text(g.Reason))
	if g.Hint != "" {
		m.line("> %s: %s", m.say.hint, code(g.Hint))
	}
	m.line("")
}

// elsewhere lists the gaps on branches, folded.
func (m *markdown) elsewhere() {
	if len(m.Elsewhere) == 0 {
		return
	}
	m.line("<details><summary>%s (%d)</summary>\n", m.say.gapsElsewhere, len(m.Elsewhere))
	m.line("| %s | %s | %s |\n|---|---|---|", m.say.function, m.say.gap, m.say.reason)
	for i, g := range m.Elsewhere {
		if i == mostBranches {
			m.line("| … %d | | |", len(m.Elsewhere)-mostBranches)
			break
		}
		m.line("| %s | %s %s | %s |", code(m.Name(m.Node[g.After])), g.Kind, code(g.Detail), text(g.Reason))
	}
	m.line("\n</details>\n")
}

func (m *markdown) place(component string, at flow.Site) string {
	return m.linked(m.Component[component], at, code(fmt.Sprintf("%s:%d", at.File, at.Line)))
}

// linked is shown as a link to a place, if there is one.
func (m *markdown) linked(c flow.Component, at flow.Site, shown string) string {
	if m.options.Link == nil {
		return shown
	}
	to := m.options.Link(c, at)
	if to == "" {
		return shown
	}
	return "[" + shown + "](" + strings.NewReplacer("(", "%28", ")", "%29", " ", "%20").Replace(to) + ")"
}

// text escapes what Markdown or HTML would read as markup.
func text(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "|", `\|`, "#", `\#`,
	).Replace(s)
}

// code is s as inline code, in a table too. It is empty for an empty text.
func code(s string) string {
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
	if s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}
