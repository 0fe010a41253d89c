// Package text folds strings of which only parts are known: paths, URLs and
// command lines, as a program builds them with the standard library.
//
// Words. A text is a sequence of parts. A literal part is known. A hole can be
// any text, also none; its payload belongs to the caller. A likely part can be
// any text too, but for ordinary holes it is what it says. An ordinary hole is
// a name: not empty, without slash, dot, percent sign or space. "/boxes/" in
// front of a hole is likely after path.Join, because only a hole of ".." takes
// it away.
//
// The law. Each function here mirrors one of the standard library. Whatever
// constants stand in the holes, what the real function gives for them matches
// the folded text, likely parts matching anything. Where the constants are
// ordinary, it matches even when likely parts match only what they say. What
// cannot be kept is widened: to likely parts, then to holes, which keep their
// payloads, so that the caller knows on what the result depends.
//
// Texts without holes are given to the real function. File paths are those of
// Unix. The package knows strings alone: no program, no SSA.
package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Text is a string that is known in part. The zero Text is the empty string.
type Text struct{ Parts []Part }

// Part is a literal, likely or a hole.
type Part struct {
	Lit    string
	Likely bool // Lit is what ordinary holes make of it
	Hole   any  // the payload of a hole, nil for other parts
}

// Unknown is the payload of a hole that depends on nothing the caller knows.
type Unknown struct{}

// Lit is the text s.
func Lit(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{[]Part{{Lit: s}}}
}

// Likely is any text, but s for ordinary holes.
func Likely(s string) Text { return Text{[]Part{{Lit: s, Likely: true}}} }

// Hole is any text.
func Hole(payload any) Text { return Text{[]Part{{Hole: payload}}} }

// Concat is one text after the other.
func Concat(texts ...Text) Text {
	n := 0
	for _, t := range texts {
		n += len(t.Parts)
	}
	b := builder{make([]Part, 0, n)}
	for _, t := range texts {
		b.add(t.Parts...)
	}
	return b.text()
}

// Const is the text when all of it is known.
func (t Text) Const() (string, bool) {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.open() {
			return "", false
		}
		b.WriteString(p.Lit)
	}
	return b.String(), true
}

// Pattern is the text that ordinary holes make, with * for each hole;
// neighbouring holes are one.
func (t Text) Pattern() string {
	var b strings.Builder
	hole := false
	for _, p := range t.Parts {
		if p.Hole == nil {
			b.WriteString(p.Lit)
			hole = hole && p.Lit == ""
			continue
		}
		if !hole {
			b.WriteByte('*')
		}
		hole = true
	}
	return b.String()
}

// open reports whether the part can be any text.
func (p Part) open() bool { return p.Likely || p.Hole != nil }

// builder joins parts, merging neighbours of one kind.
type builder struct{ parts []Part }

func (b *builder) add(parts ...Part) {
	for _, p := range parts {
		if p.Lit == "" && p.Hole == nil && !p.Likely {
			continue
		}
		if n := len(b.parts); n > 0 {
			last := &b.parts[n-1]
			switch {
			case p.Hole == nil && last.Hole == nil && p.Likely == last.Likely:
				last.Lit += p.Lit
				continue
			case p.Likely && p.Lit == "" && last.open():
				continue
			case last.Likely && last.Lit == "" && p.open():
				*last = p
				continue
			}
		}
		b.parts = append(b.parts, p)
	}
}

func (b *builder) lit(s string)    { b.add(Part{Lit: s}) }
func (b *builder) likely(s string) { b.add(Part{Lit: s, Likely: true}) }
func (b *builder) text() Text      { return Text{b.parts} }

// lost is a result of which nothing is known but the texts it depends on.
func lost(texts ...Text) Text {
	var b builder
	for _, t := range texts {
		for _, p := range t.Parts {
			if _, segment := p.Hole.(Segment); segment {
				p.Hole = Rest{} // it may be with text around it
			}
			if p.Hole != nil {
				b.add(p)
			}
		}
	}
	if len(b.parts) == 0 {
		return Hole(Unknown{})
	}
	return b.text()
}

// weak is t with all its literals likely only.
func weak(t Text) Text {
	if len(t.Parts) == 0 {
		return Likely("")
	}
	var b builder
	for _, p := range t.Parts {
		p.Likely = p.Hole == nil
		b.add(p)
	}
	return b.text()
}

// ends splits t into the literal it begins with, the literal it ends with, and
// what stands between them, which begins and ends with open parts. It must not
// be asked of a constant.
func (t Text) ends() (head string, middle []Part, tail string) {
	first := slices.IndexFunc(t.Parts, Part.open)
	last := len(t.Parts) - 1
	for ; !t.Parts[last].open(); last-- {
		tail = t.Parts[last].Lit + tail
	}
	for _, p := range t.Parts[:first] {
		head += p.Lit
	}
	return head, t.Parts[first : last+1], tail
}

// minLen is a length that t surely has.
func (t Text) minLen() int {
	n := 0
	for _, p := range t.Parts {
		if !p.open() {
			n += len(p.Lit)
		}
	}
	return n
}

// valid reports whether each literal is UTF-8, so that no rune reaches over
// the end of one.
func (t Text) valid() bool {
	return !slices.ContainsFunc(t.Parts, func(p Part) bool { return !utf8.ValidString(p.Lit) })
}

// emptiness says whether a text is empty.
type emptiness int

const (
	empty      emptiness = iota
	filled               // it is not empty
	maybeEmpty           // only if no hole is ordinary
	maybeFull            // only if some hole is not ordinary
)

func (t Text) emptiness() emptiness {
	switch {
	case len(t.Parts) == 0:
		return empty
	case t.minLen() > 0:
		return filled
	case slices.ContainsFunc(t.Parts, func(p Part) bool { return p.Hole != nil || p.Lit != "" }):
		return maybeEmpty
	}
	return maybeFull
}

// unless is s, which is there when t is not empty.
func (t Text) unlessEmpty(s string) Text {
	switch t.emptiness() {
	case empty:
		return Text{}
	case filled:
		return Lit(s)
	case maybeEmpty:
		return Likely(s)
	}
	return Likely("")
}
