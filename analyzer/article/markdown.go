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
	// Tables leaves out what is told step by step.
	Tables bool
	// NoLines leaves out line numbers, which change with every edit of a file.
	NoLines bool
}

// A fold lists so many calls, a table so many effects of one function.
const (
	mostBranches = 40
	mostEffects  = 3
)

// Markdown writes f as an article in GitHub's Markdown.
func Markdown(w io.Writer, f *flow.Flow, o Options) error {
	a, err := Build(f)
	if err != nil {
		return err
	}
	say, err := In(o.Lang)
	if err != nil {
		return err
	}
	m := &markdown{Article: a, options: o, say: say}
	m.write()
	_, err = w.Write(m.out.Bytes())
	return err
}

type markdown struct {
	*Article
	options Options
	say     Words
	out     bytes.Buffer
}

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(&m.out, format+"\n", args...) }

func (m *markdown) write() {
	m.line("# %s\n", text(strings.Join(append([]string{m.Program}, m.Command...), " ")))
	m.summary()
	m.story()
	if m.options.Sequence != "" {
		m.line("## %s\n\n```mermaid\n%s```\n", m.say.Sequence, m.options.Sequence)
	}
	for i, s := range m.Sections {
		m.section(i+1, s)
	}
	m.observed()
	m.elsewhere()
	generated := m.say.Generated
	if m.options.Tables {
		generated = m.say.GeneratedTables
	}
	m.line("---\n\n%s", generated)
}

func (m *markdown) summary() {
	m.line("## %s\n", m.say.Summary)
	m.line("| %s | %s | %s | %s |\n|---|---|---|---|", m.say.Programs, m.say.Crossings, m.say.Functions, m.say.Gaps)
	m.line("| %d | %d | %s | %d |\n", len(m.Components), len(m.Crossings), fmt.Sprintf("%d (%s)", len(m.Spine), fmt.Sprintf(m.say.Of, len(m.Nodes))), len(m.Gaps))
	m.line("| %s | %s | %s |\n|---|---|---|", m.say.Program, m.say.Package, m.say.Version)
	shown := map[string]bool{}
	for _, s := range m.Sections {
		if c := s.Component; !shown[c.Name] {
			shown[c.Name] = true
			m.line("| %s | %s | %s |", text(c.Name), code(c.Package), text(c.Version))
		}
	}
	m.line("")
	if n := m.Dropped.Functions; n > 0 {
		m.line("%s\n", fmt.Sprintf(m.say.Dropped, n))
	}
}

func (m *markdown) section(number int, s Section) {
	m.line("## %d. %s\n", number, text(s.Component.Name))
	if m.options.NoLines {
		m.line("| %s | %s | %s |\n|---|---|---|", m.say.Path, m.say.Function, m.say.Role)
	} else {
		m.line("| %s | %s | %s | %s |\n|---|---|---:|---|", m.say.Path, m.say.Function, m.say.Line, m.say.Role)
	}
	for _, r := range m.Rows(s) {
		role := map[RowKind]string{SetupRow: m.say.Setup, TypeRow: m.say.TypeOf, PrepareRow: m.say.Prepares, MakerRow: m.say.Makes}[r.Kind]
		if r.Kind == StepRow {
			role = m.ran(m.Node[r.Node], m.does(m.Node[r.Node]))
		}
		if m.options.NoLines {
			m.line("| %s | %s | %s |", text(r.File), code(r.Name), role)
		} else {
			m.line("| %s | %s | %s | %s |", m.linked(s.Component, r.Site, text(r.File)), code(r.Name), m.linked(s.Component, r.Site, fmt.Sprint(r.Line)), role)
		}
	}
	m.line("")
	for _, step := range s.Steps {
		if !m.options.Tables {
			m.step(s.Component, step)
			continue
		}
		for _, g := range step.Gaps {
			m.gap(g)
		}
	}
	if s.Next != nil {
		m.crossing(s.Next)
	}
}

// does is what a function does to the machine, as far as it fits in a table.
func (m *markdown) does(n flow.Node) string {
	var all []string
	for _, e := range n.Does {
		all = append(all, text(e.Verb)+" "+code(e.What))
	}
	if more := len(all) - mostEffects; more > 0 {
		all = append(all[:mostEffects], fmt.Sprintf("… %d", more))
	}
	return strings.Join(all, "; ")
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
			m.line("%s: %s\n", m.say.Under, strings.Join(conditions, ", "))
		}
		if e.Kind != flow.Call {
			m.line("%s: %s\n", m.say.Through, m.kind(e))
		}
		if len(e.Made) > 0 {
			var makers []string
			for _, k := range e.Made {
				makers = append(makers, code(m.Maker(c, k))+" "+m.place(c.Name, flow.Site{File: k.File, Line: k.At}))
			}
			m.line("%s: %s\n", m.say.MadeBy, strings.Join(makers, " ← "))
		}
	} else if e.Kind == "" && m.Cut > 0 {
		m.line("%s\n", fmt.Sprintf(m.say.EndsEarly, m.Cut))
	} else if e.Kind == "" {
		m.line("%s\n", m.say.Ends)
	}
	if s.Onward.Skipped > 0 {
		m.line("%s\n", fmt.Sprintf(m.say.Hidden, s.Onward.Skipped))
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
		how += " (" + fmt.Sprintf(m.say.Candidates, e.Candidates) + ")"
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
	m.line("<details><summary>%s</summary>\n", fmt.Sprintf(m.say.Calls, len(edges)))
	m.line("| %s | %s | %s |\n|---:|---|---|", m.say.At, m.say.Callee, m.say.Path)
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
	m.line("### %s: %s → %s\n", m.say.Crossing, text(c.From.Component), text(c.To.Component))
	m.line("- %s: %s %s", m.say.Sent, c.Kind, code(c.Detail))
	if len(c.Under) > 0 {
		m.line("- %s: %s", m.say.Under, code(strings.Join(c.Under, "; ")))
	}
	for _, n := range c.Origins {
		m.line("- %s: %s %s", m.say.Decided, code(m.Name(n)), m.place(n.Component, flow.Site{File: n.File, Line: n.Line}))
	}
	for _, r := range c.Registered {
		m.line("- %s: %s", m.say.Registered, m.place(c.To.Component, r.Site))
	}
	m.line("- %s: %s %s\n", m.say.Arrives, code(m.Name(c.To)), m.place(c.To.Component, flow.Site{File: c.To.File, Line: c.To.Line}))
}

func (m *markdown) gap(g flow.Gap) {
	m.line("> **%s** (%s) %s", m.say.Gap, g.Kind, code(g.Detail))
	m.line("> %s: %s", m.say.Reason, text(g.Reason))
	if g.Hint != "" {
		m.line("> %s: %s", m.say.Hint, code(g.Hint))
	}
	m.line("")
}

// elsewhere lists the gaps on branches, folded.
func (m *markdown) elsewhere() {
	if len(m.Elsewhere) == 0 {
		return
	}
	m.line("<details><summary>%s (%d)</summary>\n", m.say.Elsewhere, len(m.Elsewhere))
	m.line("| %s | %s | %s |\n|---|---|---|", m.say.Function, m.say.Gap, m.say.Reason)
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
	if m.options.NoLines {
		return code(at.File)
	}
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
