package narrow

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Pattern names functions, in one of these ways:
//
//   - a name as a view prints it, or a part of one: client.(*Client).Post,
//     main.run, (*Client).Post, var api.Routes
//   - a regular expression over such a name, over the full name, and over
//     either after "program "
//   - a place, file.go:16: the function that this line belongs to
//   - where no name matches, what a function sends, starts or has as a constant, and
//     what it calls to change what lasts: "POST /jobs", cgroup.freeze, os.Rename
type Pattern struct {
	text string
	re   *regexp.Regexp // nil if text is no regular expression, but a name
	file string         // of a place
	line int
}

var placeLike = regexp.MustCompile(`^(.+\.(?:go|s)):(\d+)$`)

// Parse reads a pattern. It fails on an expression that is none and that no
// name of a function could hold.
func Parse(text string) (*Pattern, error) {
	p := &Pattern{text: text}
	if m := placeLike.FindStringSubmatch(text); m != nil {
		line, err := strconv.Atoi(m[2])
		if err != nil {
			return nil, fmt.Errorf("%s: the line is too large", text)
		}
		p.file, p.line = strings.TrimPrefix(m[1], "./"), line
		return p, nil
	}
	re, err := regexp.Compile(text)
	if err != nil && !nameLike(text) {
		return nil, err
	}
	p.re = re
	return p, nil
}

// nameLike reports whether a text that is no regular expression can be a name,
// whole or in part: that of a method of a pointer is none.
func nameLike(text string) bool {
	return strings.Contains(text, "(*") && strings.Count(text, "(") >= strings.Count(text, ")") &&
		!strings.ContainsAny(text, `\^$|?+`)
}

// String is the text that was parsed.
func (p *Pattern) String() string { return p.text }

// Nodes is the nodes of f that p names, by their IDs.
func (p *Pattern) Nodes(f *flow.Flow) map[int]bool {
	out := map[int]bool{}
	if p.file != "" {
		for _, n := range f.Nodes {
			if p.line >= n.Line && p.line <= max(n.Line, n.EndLine) && inFile(n.File, p.file) {
				out[n.ID] = true
			}
		}
		return out
	}
	same := func(text string) bool { return text == p.text }
	// A name or a request that is pasted whole is meant alone, though it may be
	// an expression that others match too.
	p.named(f, same, out)
	if len(out) == 0 && strings.ContainsAny(p.text, "/ ") {
		p.crossing(f, same, out)
	}
	if len(out) == 0 {
		p.named(f, p.matches, out)
	}
	if len(out) == 0 {
		for _, n := range f.Nodes {
			if slices.ContainsFunc(n.Calls, p.matches) || slices.ContainsFunc(n.Texts, p.matches) || slices.ContainsFunc(n.Does, func(e flow.Effect) bool { return p.matches(e.What) }) {
				out[n.ID] = true
			}
		}
		p.crossing(f, p.matches, out)
	}
	return out
}

// named adds the nodes with a name for which match holds.
func (p *Pattern) named(f *flow.Flow, match func(string) bool, out map[int]bool) {
	mains := map[string]string{}
	for _, c := range f.Components {
		mains[c.Name] = c.Package
	}
	for _, n := range f.Nodes {
		if slices.ContainsFunc(namesOf(n, mains[n.Component]), match) {
			out[n.ID] = true
		}
	}
}

// crossing adds the nodes that send or start something for which match holds.
func (p *Pattern) crossing(f *flow.Flow, match func(string) bool, out map[int]bool) {
	for _, e := range f.Edges {
		if e.Kind.Process() && match(e.Detail) {
			out[e.From] = true
		}
	}
	for _, g := range f.Gaps {
		if g.Kind.Process() && match(g.Detail) {
			out[g.After] = true
		}
	}
}

func (p *Pattern) matches(text string) bool {
	if p.re == nil {
		return strings.Contains(text, p.text)
	}
	return p.re.MatchString(text)
}

// inFile reports whether name, which may lack folders in front, is file.
func inFile(file, name string) bool {
	return file == name || strings.HasSuffix(file, "/"+name)
}

// namesOf is the ways in which views and people write the name of a node.
func namesOf(n flow.Node, mainPackage string) []string {
	short := flow.ShortIn(mainPackage, n.Func)
	names := []string{n.Func, short, n.Component + " " + n.Func, n.Component + " " + short}
	if n.Decl != "" {
		names = append(names, n.Decl+" "+short)
	}
	return names
}
