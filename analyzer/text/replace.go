package text

import (
	"slices"
	"strings"
)

// ReplaceAll is strings.ReplaceAll.
func ReplaceAll(t, old, with Text) Text { return Replace(t, old, with, -1) }

// Replace is strings.Replace.
func Replace(t, old, with Text, n int) Text {
	o, ok := old.Const()
	if !ok {
		return lost(t, old, with)
	}
	if s, ok := t.Const(); ok {
		if w, ok := with.Const(); ok {
			return Lit(strings.Replace(s, o, w, n))
		}
	}
	if o == "" {
		return lost(t, with)
	}
	return replaced(t, []string{o}, []Text{with}, n)
}

// Replacer is the Replace method of what strings.NewReplacer makes of pairs.
func Replacer(pairs []Text, t Text) Text {
	var olds []string
	var news []Text
	allConst := true
	var args []string
	for i := 0; i+1 < len(pairs); i += 2 {
		o, ok := pairs[i].Const()
		if !ok {
			return lost(append([]Text{t}, pairs...)...)
		}
		w, ok := pairs[i+1].Const()
		allConst = allConst && ok
		olds, news, args = append(olds, o), append(news, pairs[i+1]), append(args, o, w)
	}
	if s, ok := t.Const(); ok && allConst {
		return Lit(strings.NewReplacer(args...).Replace(s))
	}
	if slices.Contains(olds, "") {
		return lost(append([]Text{t}, pairs...)...)
	}
	return replaced(t, olds, news, -1)
}

// replaced replaces at most n of the olds, all when n is negative. Of two that
// begin at one place the first in the list counts. An old may reach from a
// literal into a hole and back: a part of a literal that could belong to such
// an old is likely only.
func replaced(t Text, olds []string, news []Text, n int) Text {
	var b builder
	counted := n >= 0
	behind := false
	for i, p := range t.Parts {
		if p.Hole != nil || p.Likely && p.Lit == "" {
			b.add(p)
			behind = true
			continue
		}
		tokens := tokenize(p.Lit, 0, olds, n)
		sureFrom, sureTo := 0, len(p.Lit)
		if slices.ContainsFunc(t.Parts[i+1:], Part.open) {
			sureTo = straddle(p.Lit, tokens, olds)
		}
		if behind {
			sureFrom, sureTo = synchronized(p.Lit, olds, sureTo)
		}
		if p.Likely || behind && counted {
			sureFrom, sureTo = 0, 0
		}
		for _, tok := range tokens {
			x := Lit(p.Lit[tok.from:tok.to])
			if tok.old >= 0 {
				x = news[tok.old]
				n--
			}
			if tok.from < sureFrom || tok.from >= sureTo {
				x = weak(x)
			}
			b.add(x.Parts...)
		}
		behind = behind || p.Likely
	}
	return b.text()
}

// token is an old, or one byte that is kept.
type token struct {
	from, to int
	old      int // -1 for a byte
}

// tokenize is how a replacement reads s from a place on.
func tokenize(s string, from int, olds []string, n int) []token {
	var out []token
	for from < len(s) {
		tok := token{from, from + 1, -1}
		if i := slices.IndexFunc(olds, func(o string) bool { return strings.HasPrefix(s[from:], o) }); i >= 0 && n != 0 {
			tok.to, tok.old = from+len(olds[i]), i
			n--
		}
		out = append(out, tok)
		from = tok.to
	}
	return out
}

// straddle is the first place in s from which an old can reach beyond its end.
func straddle(s string, tokens []token, olds []string) int {
	for _, tok := range tokens {
		if slices.ContainsFunc(olds, func(o string) bool { return len(o) > len(s)-tok.from && strings.HasPrefix(o, s[tok.from:]) }) {
			return tok.from
		}
	}
	return len(s)
}

// synchronized is the part of s, which stands behind a hole, that is read in
// the same way whichever old reaches into s.
func synchronized(s string, olds []string, end int) (from, to int) {
	common := map[int]int{} // place → readings in which a token begins there
	readings, reach := 0, 0
	for k := range len(s) + 1 {
		if k > 0 && !slices.ContainsFunc(olds, func(o string) bool { return len(o) > k && strings.HasSuffix(o, s[:k]) }) {
			continue
		}
		readings, reach = readings+1, k
		tokens := tokenize(s, k, olds, -1)
		if end < len(s) {
			end = min(end, straddle(s, tokens, olds))
		}
		for _, tok := range tokens {
			common[tok.from]++
		}
	}
	for from = reach; from < end; from++ {
		if common[from] == readings {
			return from, end
		}
	}
	return 0, 0
}
