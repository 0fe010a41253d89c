package eval

import (
	"go/token"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/text"
)

// Asking collects what a program compares the open parts of something with that it
// is asked: the next word of a command line, the method of a request, a segment of
// its path.
type Asking struct{ all []Asked }

// Open is the payload of a hole that is an open part, by its number.
type Open struct {
	in   *Asking
	part int
}

// Asked is one comparison: what the open parts have to be for it to hold.
type Asked struct {
	Parts map[int]string
	Pos   token.Pos
}

// Open is the open part with a number.
func (a *Asking) Open(part int) Open { return Open{a, part} }

// All is what was asked for, in the order in which it was met.
func (a *Asking) All() []Asked { return a.all }

// note adds what is asked for, once.
func (a *Asking) note(parts map[int]string, pos token.Pos) {
	if !slices.ContainsFunc(a.all, func(x Asked) bool { return maps.Equal(x.Parts, parts) }) {
		a.all = append(a.all, Asked{parts, pos})
	}
}

// openOf is the open part that a hole is.
func openOf(hole any) (Open, bool) {
	if s, ok := hole.(text.Segment); ok {
		hole = s.By
	}
	o, ok := hole.(Open)
	return o, ok
}

// opens reports whether a text has open parts.
func opens(t text.Text) bool {
	return slices.ContainsFunc(t.Parts, func(p text.Part) bool { _, ok := openOf(p.Hole); return ok })
}

// askFor notes what the open parts of t have to be for t to be s.
func askFor(t text.Text, s string, at ssa.Instruction) { ask(t, s, false, at) }

// askForPrefix is askFor where t only has to begin with s.
func askForPrefix(t text.Text, s string, at ssa.Instruction) { ask(t, s, true, at) }

func ask(t text.Text, s string, prefix bool, at ssa.Instruction) {
	var in *Asking
	parts := map[int]string{}
	for i, p := range t.Parts {
		if prefix && s == "" {
			break
		}
		if p.Hole == nil {
			n := len(p.Lit)
			if prefix {
				n = min(n, len(s))
			}
			if len(s) < n || s[:n] != p.Lit[:n] {
				return
			}
			s = s[n:]
			continue
		}
		o, ok := openOf(p.Hole)
		if !ok {
			return
		}
		end := len(s)
		if i+1 < len(t.Parts) && t.Parts[i+1].Hole == nil {
			if end = strings.Index(s, t.Parts[i+1].Lit[:1]); end < 0 {
				if end = len(s); !prefix {
					return
				}
			}
		}
		if _, segment := p.Hole.(text.Segment); end == 0 || segment && strings.Contains(s[:end], "/") {
			return
		}
		in, parts[o.part], s = o.in, s[:end], s[end:]
	}
	if s == "" && in != nil {
		in.note(parts, at.Pos())
	}
}

// askForSuffix notes what the open parts of t have to be for t to end with s.
func askForSuffix(t text.Text, s string, at ssa.Instruction) {
	var in *Asking
	parts := map[int]string{}
	for i := len(t.Parts) - 1; i >= 0 && s != ""; i-- {
		p := t.Parts[i]
		if p.Hole == nil {
			n := min(len(p.Lit), len(s))
			if !strings.HasSuffix(p.Lit, s[len(s)-n:]) {
				return
			}
			s = s[:len(s)-n]
			continue
		}
		o, ok := openOf(p.Hole)
		if !ok {
			return
		}
		start := 0
		if i > 0 && t.Parts[i-1].Hole == nil {
			before := t.Parts[i-1].Lit
			start = strings.LastIndex(s, before[len(before)-1:]) + 1
		}
		if _, segment := p.Hole.(text.Segment); start == len(s) || segment && strings.Contains(s[start:], "/") {
			return
		}
		in, parts[o.part], s = o.in, s[start:], s[:start]
	}
	if s == "" && in != nil {
		in.note(parts, at.Pos())
	}
}
