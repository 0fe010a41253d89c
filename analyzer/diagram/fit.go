package diagram

import (
	"strings"

	"golang.org/x/text/width"
)

// Fit cuts text in the middle to at most n cells: its ends tell more than what is
// between. It cuts at the borders of words, of names and of the parts of a path
// if one is near.
func Fit(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if Cells(text) <= n {
		return text
	}
	runes := []rune(text)
	head, tail := 0, len(runes)
	room := n - 1
	for w := cell(runes[head]); w <= room/2; w += cell(runes[head]) {
		head++
	}
	room -= Cells(string(runes[:head]))
	for tail > head && cell(runes[tail-1]) <= room {
		tail--
		room -= cell(runes[tail])
	}
	return string(runes[:headBorder(runes, head)]) + "…" + string(runes[tailBorder(runes, tail):])
}

// near is how far from where it must be cut a text is looked at for a border, as a
// part of what is kept.
const near = 3

func headBorder(runes []rune, at int) int {
	for i := at; i > at-at/near && i > 0; i-- {
		if border(runes[i-1]) || border(runes[i]) {
			return i
		}
	}
	return at
}

func tailBorder(runes []rune, at int) int {
	for i := at; i < at+(len(runes)-at)/near; i++ {
		if border(runes[i]) {
			return i
		}
	}
	return at
}

// border reports whether a name or a part of a path ends before or behind a rune.
func border(r rune) bool { return strings.ContainsRune(" /.()[]{}:,", r) }

// FitName shortens a name to at most n cells where names have borders: first it
// loses its package, then what is in the middle. The type of a method stays as
// long as anything does.
func FitName(name string, n int) string {
	if Cells(name) <= n {
		return name
	}
	if i := strings.IndexByte(name, '.'); i > 0 && !strings.HasPrefix(name, "(") {
		if rest := name[i+1:]; Cells(rest) <= n || strings.ContainsAny(rest, ".(") {
			return FitName(rest, n)
		}
	}
	return Fit(name, n)
}

// Cells is how many letters of a fixed-width font a text is wide. A letter of
// Chinese, Japanese or Korean takes two.
func Cells(s string) int {
	n := 0
	for _, r := range s {
		n += cell(r)
	}
	return n
}

func cell(r rune) int {
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}
