package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ToLower is strings.ToLower.
func ToLower(t Text) Text { return mapped(t, strings.ToLower) }

// ToUpper is strings.ToUpper.
func ToUpper(t Text) Text { return mapped(t, strings.ToUpper) }

// mapped applies to each part a function that works rune by rune.
func mapped(t Text, f func(string) string) Text {
	if s, ok := t.Const(); ok {
		return Lit(f(s))
	}
	if !t.valid() {
		return lost(t)
	}
	var b builder
	for _, p := range t.Parts {
		p.Lit = f(p.Lit)
		b.add(p)
	}
	return b.text()
}

// Title is strings.Title. Whether a word begins at the end of a hole is not
// known.
func Title(t Text) Text {
	title := strings.Title //nolint:staticcheck // the programs under study call it
	if s, ok := t.Const(); ok {
		return Lit(title(s))
	}
	if !t.valid() {
		return lost(t)
	}
	var b builder
	inside := false // behind an open part
	for _, p := range t.Parts {
		if !inside || p.open() {
			inside = p.open()
			p.Lit = title(p.Lit)
			b.add(p)
			continue
		}
		inside = false
		s := title("x" + p.Lit)[1:]
		first, size := utf8.DecodeRuneInString(s)
		if unicode.ToTitle(first) == first {
			size = 0
		}
		b.likely(s[:size])
		b.lit(s[size:])
	}
	return b.text()
}

// Unknowable is the result of any function of t, such as strings.Map with a
// function that is not followed.
func Unknowable(texts ...Text) Text { return lost(texts...) }

// Trim is strings.Trim.
func Trim(t, cutset Text) Text { return TrimRight(TrimLeft(t, cutset), cutset) }

// TrimLeft is strings.TrimLeft.
func TrimLeft(t, cutset Text) Text { return trimSet(t, cutset, left) }

// TrimRight is strings.TrimRight.
func TrimRight(t, cutset Text) Text { return trimSet(t, cutset, right) }

// TrimSpace is strings.TrimSpace.
func TrimSpace(t Text) Text {
	t = trimmed(t, left, false, func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) })
	return trimmed(t, right, false, func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) })
}

type side int

const (
	left side = iota
	right
)

func trimSet(t, cutset Text, from side) Text {
	set, ok := cutset.Const()
	if !ok {
		return lost(t, cutset)
	}
	if from == left {
		return trimmed(t, from, set == "/", func(s string) string { return strings.TrimLeft(s, set) })
	}
	return trimmed(t, from, set == "/", func(s string) string { return strings.TrimRight(s, set) })
}

// trimmed removes from one end what cut removes there, rune by rune. Behind a
// hole, which may be removed wholly, it goes on, but for a name where only slashes
// are removed.
func trimmed(t Text, from side, slashes bool, cut func(string) string) Text {
	if s, ok := t.Const(); ok {
		return Lit(cut(s))
	}
	if !t.valid() {
		return lost(t)
	}
	parts := t.Parts
	if from == right {
		parts = mirror(parts)
	}
	var out []Part
	open, begun := false, false // behind an open part; behind one that is likely to stay
	for i, p := range parts {
		if _, name := p.Hole.(Segment); name && slashes {
			out = append(out, parts[i:]...) // a name has none
			break
		}
		if p.open() {
			if p.Likely && !begun {
				p.Lit = cut(p.Lit)
			}
			open, begun = true, begun || p.Hole != nil || p.Lit != ""
			out = append(out, p)
			continue
		}
		rest := cut(p.Lit)
		gone := p.Lit[:len(p.Lit)-len(rest)]
		if from == right {
			gone = p.Lit[len(rest):]
		}
		if open && begun {
			out = append(out, Part{Lit: gone, Likely: true})
		}
		if rest != "" {
			out = append(out, Part{Lit: rest})
			out = append(out, parts[i+1:]...)
			break
		}
	}
	if from == right {
		out = mirror(out)
	}
	var b builder
	b.add(out...)
	return b.text()
}

func mirror(parts []Part) []Part {
	out := make([]Part, 0, len(parts))
	for i := len(parts) - 1; i >= 0; i-- {
		out = append(out, parts[i])
	}
	return out
}

// TrimPrefix is strings.TrimPrefix.
func TrimPrefix(t, prefix Text) Text {
	p, ok := prefix.Const()
	if !ok {
		return lost(t, prefix)
	}
	if s, ok := t.Const(); ok {
		return Lit(strings.TrimPrefix(s, p))
	}
	head, _, _ := t.ends()
	switch {
	case strings.HasPrefix(head, p):
		return From(t, len(p))
	case !strings.HasPrefix(p, head):
		return t
	}
	// Holes may hold the rest of the prefix, and so may the literals between
	// them: the first that surely stays ends the search.
	var b builder
	if head != "" {
		b.likely(head)
	}
	passed := false
	for i, part := range t.Parts {
		if part.open() {
			passed = true
			b.add(part)
			continue
		}
		if !passed {
			continue // the head
		}
		if strings.Contains(p, part.Lit) {
			b.likely(part.Lit)
			continue
		}
		n := overlap(p, part.Lit)
		b.likely(part.Lit[:n])
		b.lit(part.Lit[n:])
		b.add(t.Parts[i+1:]...)
		break
	}
	return b.text()
}

// overlap is the length of the longest end of a with which b begins, but not
// of all of a when b is longer.
func overlap(a, b string) int {
	for n := min(len(a), len(b)); n > 0; n-- {
		if strings.HasSuffix(a, b[:n]) {
			return n
		}
	}
	return 0
}

// TrimSuffix is strings.TrimSuffix.
func TrimSuffix(t, suffix Text) Text { return backwards(TrimPrefix(backwards(t), backwards(suffix))) }

// backwards is t from its last byte to its first.
func backwards(t Text) Text {
	var b builder
	for _, p := range mirror(t.Parts) {
		bytes := []byte(p.Lit)
		for i, j := 0, len(bytes)-1; i < j; i, j = i+1, j-1 {
			bytes[i], bytes[j] = bytes[j], bytes[i]
		}
		p.Lit = string(bytes)
		b.add(p)
	}
	return b.text()
}

// From is t[i:].
func From(t Text, i int) Text {
	if s, ok := t.Const(); ok {
		if i < 0 || i > len(s) {
			return lost()
		}
		return Lit(s[i:])
	}
	head, middle, tail := t.ends()
	var b builder
	switch {
	case i < 0:
		return lost(t)
	case i <= len(head):
		b.lit(head[i:])
		b.add(middle...)
		b.lit(tail)
		return b.text()
	}
	// i bytes are taken from all that stands before the last hole at least
	b.add(lost(Text{middle}).Parts...)
	b.lit(tail[len(tail)-max(0, min(len(tail), t.minLen()-i)):])
	return b.text()
}

// UpTo is t[:i].
func UpTo(t Text, i int) Text {
	if s, ok := t.Const(); ok {
		if i < 0 || i > len(s) {
			return lost()
		}
		return Lit(s[:i])
	}
	head, middle, _ := t.ends()
	switch {
	case i < 0:
		return lost(t)
	case i <= len(head):
		return Lit(head[:i])
	}
	return Concat(Lit(head), lost(Text{middle}))
}

// WithoutLast is t[:len(t)-n].
func WithoutLast(t Text, n int) Text { return backwards(From(backwards(t), n)) }

// Repeat is strings.Repeat. A text that would become very long is a hole.
func Repeat(t Text, n int) Text {
	const most = 1 << 12 // longer than any path or command line word
	if n < 0 || len(t.Parts) > 0 && n > most || n*t.minLen() > most || n*len(t.Parts) > most {
		return lost(t)
	}
	var b builder
	for range n {
		b.add(t.Parts...)
	}
	return b.text()
}

// Join is strings.Join.
func Join(elems []Text, sep Text) Text {
	var b builder
	for i, e := range elems {
		if i > 0 {
			b.add(sep.Parts...)
		}
		b.add(e.Parts...)
	}
	return b.text()
}
