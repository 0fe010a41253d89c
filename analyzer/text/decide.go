package text

import "strings"

// Segment is the payload of a hole that is a name: not empty, and without slash.
type Segment struct{ By any } // what it depends on, nil for nothing

// Rest is the payload of a hole that is any text, also none.
type Rest struct{}

// Named reports whether every hole of t is a Segment or a Rest, so that questions
// about t can be decided.
func (t Text) Named() bool {
	for _, p := range t.Parts {
		switch p.Hole.(type) {
		case nil, Segment, Rest:
		default:
			return false
		}
	}
	return true
}

// Equal tells whether t is s, where that is known.
func (t Text) Equal(s string) (yes, known bool) {
	if c, ok := t.Const(); ok {
		return c == s, true
	}
	return false, !fits(t.Parts, s)
}

// HasPrefix tells whether t begins with s, where that is known.
func (t Text) HasPrefix(s string) (yes, known bool) {
	for _, p := range t.Parts {
		switch p.Hole.(type) {
		case nil:
			n := min(len(s), len(p.Lit))
			if s[:n] != p.Lit[:n] {
				return false, true
			}
			s = s[n:]
		case Segment:
			if s == "" {
				return true, true
			}
			return false, strings.HasPrefix(s, "/")
		default:
			return s == "", s == ""
		}
	}
	return s == "", true
}

// HasSuffix tells whether t ends with s, where that is known.
func (t Text) HasSuffix(s string) (yes, known bool) {
	back, _ := backwards(Lit(s)).Const()
	return backwards(t).HasPrefix(back)
}

// Contains tells whether s is in t, where that is known.
func (t Text) Contains(s string) (yes, known bool) {
	if c, ok := t.Const(); ok {
		return strings.Contains(c, s), true
	}
	for _, p := range t.Parts {
		if strings.Contains(p.Lit, s) {
			return true, true
		}
	}
	return false, false
}

// fits reports whether parts can be s.
func fits(parts []Part, s string) bool {
	if len(parts) == 0 {
		return s == ""
	}
	switch parts[0].Hole.(type) {
	case nil:
		rest, ok := strings.CutPrefix(s, parts[0].Lit)
		return ok && fits(parts[1:], rest)
	case Segment:
		for i := 1; i <= len(s) && s[i-1] != '/'; i++ {
			if fits(parts[1:], s[i:]) {
				return true
			}
		}
		return false
	}
	for i := range len(s) + 1 {
		if fits(parts[1:], s[i:]) {
			return true
		}
	}
	return false
}

// Segments is the pieces between the slashes of a path, nil where they are not known;
// more says that the last of them is any text, with any slashes.
func (t Text) Segments() (out []Text, more bool) {
	for i, p := range t.Parts {
		if _, rest := p.Hole.(Rest); rest {
			t.Parts, more = t.Parts[:i], true
			break
		}
	}
	out, _ = t.atSlashes(0)
	return out, more
}

// atSlashes is the pieces between the slashes of a text whose holes have none, at
// most n; ok is false for other texts.
func (t Text) atSlashes(n int) (out []Text, ok bool) {
	var b builder
	for _, p := range t.Parts {
		if p.Likely {
			return nil, false
		}
		switch p.Hole.(type) {
		case nil:
			for {
				before, after, found := strings.Cut(p.Lit, "/")
				if !found || n > 0 && len(out) == n-1 {
					break
				}
				b.lit(before)
				out = append(out, b.text())
				b, p.Lit = builder{}, after
			}
			b.lit(p.Lit)
		case Segment:
			b.add(p)
		default:
			return nil, false
		}
	}
	return append(out, b.text()), true
}
