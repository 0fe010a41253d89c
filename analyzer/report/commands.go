package report

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Commands writes what can be traced, program by program: command lines as a
// tree of words, then routes and RPC methods as lists.
func Commands(w io.Writer, commands []flow.Command, o TextOptions) error {
	commands = slices.SortedFunc(slices.Values(commands), compareCommands)
	var rows []row
	for i, c := range commands {
		if i == 0 || c.Program != commands[i-1].Program {
			if i > 0 {
				rows = append(rows, row{})
			}
			rows = append(rows, row{head: c.Program})
		}
		if c.Kind != flow.Registration {
			rows = append(rows, row{what: printable(strings.Join(c.Words, " ")), site: c.Site, name: flow.ShortIn(c.Package, c.Func)})
			continue
		}
		var before []string
		if i > 0 && commands[i-1].Program == c.Program && commands[i-1].Kind == c.Kind {
			before = commands[i-1].Words
		}
		rows = append(rows, commandRows(c, before)...)
	}
	return writeRows(w, rows, o)
}

func compareCommands(a, b flow.Command) int {
	return cmp.Or(
		strings.Compare(a.Program, b.Program),
		flow.CompareKinds(a.Kind, b.Kind),
		compareWords(a, b),
		flow.CompareSites(a.Site, b.Site),
		strings.Compare(a.Func, b.Func),
	)
}

// compareWords orders routes by path, so that the methods of one path stay
// together.
func compareWords(a, b flow.Command) int {
	if a.Kind == flow.HTTP && b.Kind == flow.HTTP && len(a.Words) == 2 && len(b.Words) == 2 {
		return cmp.Or(strings.Compare(a.Words[1], b.Words[1]), strings.Compare(a.Words[0], b.Words[0]))
	}
	return slices.Compare(a.Words, b.Words)
}

// commandRows writes c under the words it shares with the command before it,
// one level of indentation for each.
func commandRows(c flow.Command, before []string) []row {
	if len(c.Words) == 0 {
		return []row{{what: "(no words)", site: c.Site, name: flow.ShortIn(c.Package, c.Func)}}
	}
	var rows []row
	shared := true
	for i, word := range c.Words {
		shared = shared && i < len(before) && before[i] == word
		last := i == len(c.Words)-1
		if shared && !last {
			continue
		}
		r := row{what: strings.Repeat(indent, i) + word}
		if last {
			if len(c.Aliases) > 0 {
				r.what += " (" + strings.Join(c.Aliases, ", ") + ")"
			}
			if c.Hidden {
				r.what += " (hidden)"
			}
			r.site, r.name = c.Site, flow.ShortIn(c.Package, c.Func)
		}
		rows = append(rows, r)
	}
	return rows
}

// row is a line of three columns, or a heading.
type row struct {
	head string
	what string
	site flow.Site
	name string
	note string // written below the row
}

func writeRows(w io.Writer, rows []row, o TextOptions) error {
	p := paint{o.Color}
	what, where := 0, 0
	for _, r := range rows {
		if c := columns(r.what); c <= maxPlace {
			what = max(what, c)
		}
		if c := columns(place(r.site)); r.site.File != "" && c <= maxPlace {
			where = max(where, c)
		}
	}
	var out bytes.Buffer
	for _, r := range rows {
		line := p.program(r.head)
		if r.what != "" {
			line = indent + p.title(r.what)
			if r.site.File != "" {
				at := place(r.site)
				line += strings.Repeat(" ", max(0, what-columns(r.what))) + indent + p.place(at)
				line += strings.Repeat(" ", max(0, where-columns(at))) + indent + r.name
			}
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
		if r.note != "" {
			out.WriteString(indent + indent + r.note + "\n")
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}
