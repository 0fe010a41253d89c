package webui

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// index is what the template index.html shows.
type index struct {
	Title, Lead, Assets string
	Search              bool
	Ask                 bool           // with a field for a command line
	Others              []indexProgram // whose commands are not known yet
	Map                 template.HTML
	Programs            []indexProgram
	Joins               []indexTable
}

type indexProgram struct {
	Name, ID, Count string
	Colour          int
	Load            string // where its commands are, if they are not known
	Whole           string // the page of the program from main on
	Groups          []indexGroup
}

// indexGroup is the commands of one kind.
type indexGroup struct {
	Name     string
	Commands []indexCommand
}

type indexCommand struct {
	Title, Link, Place, Says, Failed string
}

// indexTable is a table of endpoints.
type indexTable struct {
	Name, ID, Summary string
	Open              bool
	Head              []string
	Rows              [][]string
}

// grouped sorts commands of one program into groups, in the order of their
// kinds.
func grouped(commands []flow.Command, show func(flow.Command) indexCommand) []indexGroup {
	at := map[flow.Kind]int{}
	var groups []indexGroup
	sorted := slices.Clone(commands)
	slices.SortStableFunc(sorted, func(a, b flow.Command) int {
		return cmp.Or(flow.CompareKinds(a.Kind, b.Kind), strings.Compare(strings.Join(a.Words, " "), strings.Join(b.Words, " ")))
	})
	for _, c := range sorted {
		i, ok := at[c.Kind]
		if !ok {
			i = len(groups)
			at[c.Kind] = i
			groups = append(groups, indexGroup{Name: groupName(c.Kind)})
		}
		groups[i].Commands = append(groups[i].Commands, show(c))
	}
	return groups
}

// groupName says what commands of a kind are.
func groupName(k flow.Kind) string {
	if k == "" {
		return "From main on"
	}
	return k.Title()
}

// anchor is name as an id in a page.
func anchor(prefix, name string) string {
	return prefix + "-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, name)
}

// count writes "1 step" or "3 steps".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// commandPlace is where a command is registered.
func commandPlace(c flow.Command) string {
	if c.Site.File == "" {
		return flow.ShortIn(c.Package, c.Func)
	}
	return fmt.Sprintf("%s:%d", c.Site.File, c.Site.Line)
}

// index shows the programs, and the commands of those that were asked for.
func (v *server) index(w http.ResponseWriter, r *http.Request) {
	programs := v.source.Programs()
	if program := r.URL.Query().Get("program"); program != "" {
		if !slices.Contains(programs, program) {
			http.Error(w, "no such program", http.StatusNotFound)
			return
		}
		if !v.waited(w, r, v.listing(program), program) {
			return
		}
	}
	known := map[string][]flow.Command{}
	for _, answer := range v.jobs.answers() {
		if l, ok := answer.(listed); ok {
			known[l.program] = l.commands
		}
	}
	p := index{
		Title: "callroute", Assets: "/assets", Search: len(known) > 0, Ask: true,
		Lead: "Choose a command to see what happens in every process, from the line a person types to the last file written.",
	}
	for i, name := range programs {
		own := indexProgram{Name: name, ID: anchor("program", name), Colour: i % 8, Whole: "/trace" + question{program: name}.query()}
		commands, ok := known[name]
		if ok {
			own.Groups = grouped(commands, func(c flow.Command) indexCommand {
				q := question{c.Program, strings.Join(c.Words, " ")}
				return indexCommand{Title: q.title(), Link: "/trace" + q.query(), Place: commandPlace(c)}
			})
			own.Count = count(len(commands), "command")
			p.Programs = append(p.Programs, own)
			continue
		}
		own.Load = "/" + question{program: name}.query() + "#" + own.ID
		p.Others = append(p.Others, own)
	}
	v.show(w, "index.html", p)
}
