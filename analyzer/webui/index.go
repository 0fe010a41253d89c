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
	labels
	Title, Lead, Assets string
	Ask                 bool           // with a field for a command line
	Survey              surveyState    // how far the commands and the map are known
	Why                 string         // there is no map
	Others              []indexProgram // that are looked at only when they are asked for
	Map                 template.HTML
	Programs            []indexProgram
	Joins               []indexTable
}

type indexProgram struct {
	Name, ID, Count string
	Colour          int
	Load            string // where its commands are, if they are not known
	Whole           string // the page of the program from main on
	Known           bool   // Groups are all that it has
	Failed          string // why they are not known
	Groups          []indexGroup
}

// indexGroup is the commands of one kind.
type indexGroup struct {
	Name     string
	Commands []indexCommand
}

type indexCommand struct {
	Title, Link, Place, Failed string
	Says                       string // what the command does
	Route                      string // how long its route is
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
func (l labels) grouped(commands []flow.Command, show func(flow.Command) indexCommand) []indexGroup {
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
			groups = append(groups, indexGroup{Name: l.groupName(c.Kind)})
		}
		groups[i].Commands = append(groups[i].Commands, show(c))
	}
	return groups
}

// groupName says what commands of a kind are.
func (l labels) groupName(k flow.Kind) string {
	if k == "" {
		return l.T("From main on")
	}
	return l.T(k.Title())
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

// many is a text for one thing, or for n with %d in it.
func (l labels) many(n int, one, more string) string {
	if n == 1 {
		return l.T(one)
	}
	return fmt.Sprintf(l.T(more), n)
}

// commandPlace is where a command is registered.
func commandPlace(c flow.Command) string {
	if c.Site.File == "" {
		return flow.ShortIn(c.Package, c.Func)
	}
	return fmt.Sprintf("%s:%d", c.Site.File, c.Site.Line)
}

// index shows the programs, their commands and the map, as far as they are known.
func (v *server) index(w http.ResponseWriter, r *http.Request) {
	programs := v.source.Programs()
	if program := r.URL.Query().Get("program"); program != "" {
		if !slices.Contains(programs, program) {
			http.Error(w, "no such program", http.StatusNotFound)
			return
		}
		if _, known := v.survey.of(program); !known && !v.waited(w, r, v.listing(program), program) {
			return
		}
	}
	p := index{labels: labels{v.options.Lang}, Title: "callroute", Assets: "/assets", Ask: true, Survey: v.survey.state()}
	p.Lead = p.T("Choose a command to see what happens in every process, from the line a person types to the last file written.")
	colour := map[string]int{}
	auxiliary := v.source.Auxiliary()
	for _, name := range programs {
		own := indexProgram{Name: name, ID: anchor("program", name), Colour: len(colour) % 8, Whole: "/trace" + question{program: name}.query()}
		own.Load = "/" + question{program: name}.query() + "#" + own.ID
		var commands []flow.Command
		commands, own.Known = v.survey.of(name)
		if !own.Known && slices.Contains(auxiliary, name) {
			p.Others = append(p.Others, own)
			continue
		}
		colour[name] = len(colour)
		own.Failed = v.survey.failure(name)
		if own.Known {
			own.Count = p.many(len(commands), "1 command", "%d commands")
			own.Groups = p.grouped(commands, func(c flow.Command) indexCommand {
				q := question{c.Program, strings.Join(c.Words, " ")}
				return indexCommand{Title: q.title(), Link: "/trace" + q.query(), Place: commandPlace(c), Says: c.Says}
			})
		}
		p.Programs = append(p.Programs, own)
	}
	p.Map, p.Joins, p.Why = v.survey.joins(p.labels, colour)
	v.show(w, "index.html", p)
}
