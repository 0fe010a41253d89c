package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Element is one text of a list, or any number of them.
type Element struct {
	Text
	Rest bool // stands for any number of texts, which depend on the holes of Text
}

func elements(list []string) []Element {
	var out []Element
	for _, s := range list {
		out = append(out, Element{Text: Lit(s)})
	}
	return out
}

// Split is strings.Split.
func Split(t, sep Text) []Element { return SplitN(t, sep, -1) }

// SplitN is strings.SplitN. The elements in front of the first hole are known,
// and those behind the last one when no part of the separator can belong to it.
func SplitN(t, sep Text, n int) []Element {
	by, ok := sep.Const()
	if !ok {
		return []Element{{lost(t, sep), true}}
	}
	if s, ok := t.Const(); ok {
		return elements(strings.SplitN(s, by, n))
	}
	if n == 0 {
		return nil
	}
	if by == "" {
		return []Element{{lost(t), true}}
	}
	if pieces, ok := t.atSlashes(n); ok && by == "/" {
		var out []Element
		for _, p := range pieces {
			out = append(out, Element{Text: p})
		}
		return out
	}
	head, middle, tail := t.ends()
	first := strings.SplitN(head, by, n)
	if n > 0 && len(first) == n {
		last := From(t, len(head)-len(first[n-1]))
		return append(elements(first[:n-1]), Element{Text: last})
	}
	begin := first[len(first)-1]
	cut := len(begin) - overlap(begin, by)
	open := Concat(Lit(begin[:cut]), lost(Text{middle}))
	out := append(elements(first[:len(first)-1]), Element{Text: open}, Element{lost(Text{middle}), true})
	if n < 0 && len(by) == 1 {
		out = append(out, elements(strings.Split(tail, by)[1:])...)
	}
	return out
}

// Fields is strings.Fields.
func Fields(t Text) []Element {
	if s, ok := t.Const(); ok {
		return elements(strings.Fields(s))
	}
	if !t.valid() {
		return []Element{{lost(t), true}}
	}
	head, middle, _ := t.ends()
	first := strings.Fields(head)
	if last, _ := utf8.DecodeLastRuneInString(head); len(first) > 0 && !unicode.IsSpace(last) {
		first = first[:len(first)-1] // a hole goes on with it
	}
	return append(elements(first), Element{lost(Text{middle}), true})
}

// Cut is strings.Cut; found says whether sep is there, sure whether that is
// known.
func Cut(t, sep Text) (before, after Text, found, sure bool) {
	by, ok := sep.Const()
	if !ok {
		return lost(t, sep), lost(t, sep), false, false
	}
	if pieces, ok := t.atSlashes(2); ok && by == "/" {
		return pieces[0], Concat(pieces[1:]...), len(pieces) == 2, true
	}
	if s, ok := t.Const(); ok {
		b, a, found := strings.Cut(s, by)
		return Lit(b), Lit(a), found, true
	}
	head, middle, _ := t.ends()
	if i := strings.Index(head, by); i >= 0 {
		return Lit(head[:i]), From(t, i+len(by)), true, true
	}
	before = Concat(Lit(head[:len(head)-overlap(head, by)]), lost(Text{middle}))
	for i, p := range t.Parts {
		at := strings.Index(p.Lit, by)
		if p.open() || at < 0 {
			continue
		}
		var b builder
		b.add(lost(Text{middle}).Parts...)
		b.lit(p.Lit[at+len(by):])
		b.add(t.Parts[i+1:]...)
		return before, b.text(), true, true
	}
	return before, lost(t), false, false
}
