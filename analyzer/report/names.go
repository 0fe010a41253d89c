package report

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/callroute/callroute/analyzer/flow"
)

// name is how the view calls a node. Inside its own program a main package is
// called main, as the language does.
func (r *route) name(n flow.Node) string {
	name := short(n.Func)
	if rest, found := strings.CutPrefix(n.Func, r.component[n.Component].Package+"."); found {
		name = "main." + rest
	}
	if n.Decl != "" {
		return n.Decl + " " + name
	}
	return name
}

// short returns the name a person uses for a function: the last element of its
// package path, then the receiver and name. A major version suffix is no name,
// so example.org/cli/v2.Run is cli.Run.
func short(fn string) string {
	// Type arguments hold import paths of their own.
	path := fn
	if i := strings.IndexAny(fn, "(["); i >= 0 {
		path = fn[:i]
	}
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 {
		return fn
	}
	name := fn[slash+1:]
	element, rest, found := strings.Cut(name, ".")
	if !found || !majorVersion(element) {
		return name
	}
	parent := path[:slash]
	return parent[strings.LastIndexByte(parent, '/')+1:] + "." + rest
}

func majorVersion(s string) bool {
	digits, found := strings.CutPrefix(s, "v")
	return found && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// printable keeps text from the studied source on its line: a condition may
// span several, and a constant may hold what a terminal obeys.
func printable(s string) string {
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(clean), " ")
}

func place(s flow.Site) string {
	return fmt.Sprintf("%s:%d", s.File, s.Line)
}

// columns counts the terminal cells that s takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	if kind := width.LookupRune(r).Kind(); kind == width.EastAsianWide || kind == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// count writes "1 call" or "3 calls".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
