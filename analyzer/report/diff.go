package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// DiffOptions says how much of a diff is shown.
type DiffOptions struct {
	TextOptions
	Beside bool // every function beside the routes, not only their number
}

// stepsAround is how many steps that are the same are shown beside one that is not.
const stepsAround = 1

// mostNamed is how many commands that changed in the same way are named.
const mostNamed = 6

// marks stand before what changed.
var marks = map[flow.Change]string{flow.Same: " ", flow.Added: "+", flow.Removed: "-", flow.Moved: "~", flow.Changed: "!"}

// Diff writes how routes changed: those that changed in the same way once.
func Diff(w io.Writer, d *flow.Diff, o DiffOptions) error {
	v := &diffView{paint: paint{o.Color}, beside: o.Beside}
	fmt.Fprintf(v, "%s\n", v.paint.title("from "+d.Old+" to "+d.New))
	for _, g := range d.Groups() {
		fmt.Fprintf(v, "\n%s  %s\n", v.paint.title(printable(g.Name())), v.paint.aside(changeWords(&g.CommandDiff)))
		if len(g.Others) > 0 {
			fmt.Fprintf(v, "%s\n", v.paint.aside("the same in "+others(g.Others)))
		}
		v.command(&g.CommandDiff)
	}
	fmt.Fprintf(v, "\n%s, %d the same\n", differing(len(d.Commands)), d.Same)
	_, err := w.Write(v.Bytes())
	return err
}

// DiffMarkdown writes the same for a comment on a pull request.
func DiffMarkdown(w io.Writer, d *flow.Diff, o DiffOptions) error {
	v := &diffView{beside: o.Beside}
	fmt.Fprintf(v, "### Routes from `%s` to `%s`\n\n", code(d.Old), code(d.New))
	if len(d.Commands) == 0 {
		fmt.Fprintf(v, "No route differs; %s looked at.\n", count(d.Same, "command"))
	} else {
		fmt.Fprintf(v, "%s, %d the same. `+` added, `-` removed, `~` moved, `!` changed.\n", differing(len(d.Commands)), d.Same)
	}
	groups := d.Groups()
	for _, g := range groups {
		opened := ""
		if len(groups) == 1 {
			opened = " open"
		}
		fmt.Fprintf(v, "\n<details%s><summary><code>%s</code> %s", opened, escaped(g.Name()), changeWords(&g.CommandDiff))
		if len(g.Others) > 0 {
			fmt.Fprintf(v, ", the same in %s", escaped(others(g.Others)))
		}
		body := &diffView{beside: o.Beside}
		body.command(&g.CommandDiff)
		fence := "```"
		for strings.Contains(body.String(), fence) {
			fence += "`"
		}
		fmt.Fprintf(v, "</summary>\n\n%sdiff\n%s%s\n</details>\n", fence, body.String(), fence)
	}
	_, err := w.Write(v.Bytes())
	return err
}

func differing(n int) string {
	if n == 1 {
		return "1 command differs"
	}
	return count(n, "command") + " differ"
}

func code(s string) string { return strings.ReplaceAll(printable(s), "`", "'") }

func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(printable(s))
}

// others names the first of some commands.
func others(all []flow.CommandDiff) string {
	var names []string
	for _, c := range all[:min(len(all), mostNamed)] {
		names = append(names, printable(c.Name()))
	}
	if more := len(all) - mostNamed; more > 0 {
		names = append(names, count(more, "more command"))
	}
	return strings.Join(names, ", ")
}

// changeWords says in a few words what became of a command.
func changeWords(c *flow.CommandDiff) string {
	if c.Change != flow.Changed {
		return fmt.Sprintf("%s, %s", c.Change, count(len(c.Route), "step"))
	}
	added, removed, changed := c.Counts()
	words := fmt.Sprintf("+%d -%d ~%d functions", added, removed, changed)
	if n := len(c.Crossings); n > 0 {
		words += ", " + count(n, "crossing")
	}
	if n := len(c.Gaps); n > 0 {
		words += ", " + count(n, "gap")
	}
	return words
}

type diffView struct {
	bytes.Buffer
	paint  paint
	beside bool
}

func (v *diffView) command(c *flow.CommandDiff) {
	for _, which := range []string{"old", "new"} {
		if why := c.Failed[which]; why != "" {
			v.line(flow.Changed, "cannot be followed in the "+which+" one: "+printable(why))
		}
	}
	if c.Change == flow.Changed {
		v.route(c.Route)
	}
	v.functions(c.Beside)
	for _, x := range c.Crossings {
		key := x.New
		switch x.Change {
		case flow.Removed:
			key = x.Old
		case flow.Changed:
			key = x.Old + "  ══▶  " + x.New
		}
		v.line(x.Change, fmt.Sprintf("══ %s %s, %s to %s", x.Kind, printable(key), sideName(x.From), sideName(x.To)))
	}
	for _, g := range c.Gaps {
		v.line(g.Change, printable(strings.TrimSpace(fmt.Sprintf("gap after %s: %s %s", sideName(g.After), g.Detail, g.Reason))))
	}
}

// sideName is "program func" as people read it.
func sideName(side string) string {
	program, fn, _ := strings.Cut(side, " ")
	return strings.TrimSpace(program + " " + flow.Short(fn))
}

// route writes the steps that differ, and some around them.
func (v *diffView) route(steps []flow.StepDiff) {
	near := make([]bool, len(steps))
	for i, s := range steps {
		if s.Change != flow.Same {
			for j := max(0, i-stepsAround); j <= min(len(steps)-1, i+stepsAround); j++ {
				near[j] = true
			}
		}
	}
	width := 0
	for i, s := range steps {
		if c := columns(place(s.Site)); near[i] && c <= maxPlace {
			width = max(width, c)
		}
	}
	program, skipped := "", 0
	for i, s := range steps {
		if !near[i] {
			skipped++
			continue
		}
		v.skipped(&skipped)
		if s.Program != program {
			program = s.Program
			v.line(flow.Same, v.paint.program(program))
		}
		at := place(s.Site)
		v.line(s.Change, indent+at+strings.Repeat(" ", max(0, width-columns(at)))+indent+name(s.Step))
		if s.Was != nil && s.Was.File != s.File {
			v.line(flow.Moved, indent+indent+"was "+place(s.Was.Site)+indent+name(*s.Was))
		}
		for _, words := range s.Changes {
			v.line(flow.Changed, indent+indent+printable(words))
		}
		if n := s.Next; n != nil && n.Kind.Process() && s.Change != flow.Changed {
			v.line(s.Change, indent+"══ "+described(flow.Edge{Kind: n.Kind, Detail: n.Detail, Candidates: n.Candidates})+" ══▶")
		}
	}
	v.skipped(&skipped)
}

func (v *diffView) skipped(n *int) {
	if *n > 0 {
		v.line(flow.Same, indent+v.paint.aside("⋮ "+count(*n, "step")+" the same"))
	}
	*n = 0
}

// functions writes what is beside the route.
func (v *diffView) functions(all []flow.StepDiff) {
	if len(all) == 0 {
		return
	}
	if !v.beside {
		added := 0
		for _, s := range all {
			if s.Change == flow.Added {
				added++
			}
		}
		v.line(flow.Same, fmt.Sprintf("beside the route: %s added, %d removed", count(added, "function"), len(all)-added))
		return
	}
	v.line(flow.Same, "beside the route")
	for _, s := range all {
		v.line(s.Change, indent+s.Program+indent+place(s.Site)+indent+name(s.Step))
	}
}

func name(s flow.Step) string {
	if s.Decl != "" {
		return s.Decl + " " + flow.Short(s.Func)
	}
	return flow.Short(s.Func)
}

// line writes a line with its mark.
func (v *diffView) line(c flow.Change, text string) {
	text = strings.TrimRight(marks[c]+" "+text, " ")
	switch c {
	case flow.Added:
		text = v.paint.in("32", text)
	case flow.Removed:
		text = v.paint.in("31", text)
	case flow.Moved, flow.Changed:
		text = v.paint.in("33", text)
	}
	v.WriteString(text + "\n")
}
