package text

import "slices"

// Widen is one text for all that any of the texts can be: what they begin and end
// with alike, and a hole between. What is likely in one of them is likely. The end
// comes first: of a path it tells more.
func Widen(texts ...Text) Text {
	if len(texts) == 0 {
		return Hole(Unknown{})
	}
	all := make([][]Part, len(texts))
	for i, t := range texts {
		all[i] = letters(t)
	}
	tail := common(all, func(parts []Part, n int) Part { return parts[len(parts)-1-n] })
	for i := range all {
		all[i] = all[i][:len(all[i])-len(tail)]
	}
	head := common(all, func(parts []Part, n int) Part { return parts[n] })
	var b builder
	b.add(head...)
	if slices.ContainsFunc(all, func(rest []Part) bool { return len(rest) > len(head) }) {
		b.add(Part{Hole: Unknown{}})
	}
	slices.Reverse(tail)
	b.add(tail...)
	return b.text()
}

// WidenURLs is one URL for all that any of the URLs can be, field by field.
func WidenURLs(urls []URL) URL {
	out := urls[0]
	for _, field := range []func(*URL) *Text{
		func(u *URL) *Text { return &u.Scheme }, func(u *URL) *Text { return &u.Opaque }, func(u *URL) *Text { return &u.User },
		func(u *URL) *Text { return &u.Host }, func(u *URL) *Text { return &u.Path }, func(u *URL) *Text { return &u.RawPath },
		func(u *URL) *Text { return &u.RawQuery }, func(u *URL) *Text { return &u.Fragment }, func(u *URL) *Text { return &u.RawFragment },
	} {
		var all []Text
		for i := range urls {
			all = append(all, *field(&urls[i]))
		}
		*field(&out) = Widen(all...)
	}
	for _, u := range urls {
		out.OmitHost, out.ForceQuery = out.OmitHost || u.OmitHost, out.ForceQuery || u.ForceQuery
		out.Undivided, out.opaque, out.markQuery = out.Undivided || u.Undivided, out.opaque || u.opaque, out.markQuery || u.markQuery
	}
	return out
}

// letters is the parts of t with a part for each byte of its literals. That there
// may be something between two bytes makes the first one likely.
func letters(t Text) []Part {
	size := 0
	for _, p := range t.Parts {
		size += max(1, len(p.Lit))
	}
	out := make([]Part, 0, size)
	for _, p := range t.Parts {
		if p.Hole != nil {
			out = append(out, p)
			continue
		}
		for i := range len(p.Lit) {
			out = append(out, Part{Lit: p.Lit[i : i+1], Likely: p.Likely})
		}
		if n := len(out); p.Lit == "" && n > 0 && out[n-1].Hole == nil {
			out[n-1].Likely = true
		} else if p.Lit == "" && n == 0 {
			out = append(out, p)
		}
	}
	return out
}

// common is the parts, by their number, that are alike in all.
func common(all [][]Part, part func([]Part, int) Part) []Part {
	var out []Part
	for n := 0; ; n++ {
		var p Part
		for i, parts := range all {
			if n >= len(parts) {
				return out
			}
			own := part(parts, n)
			if i == 0 {
				p = own
			}
			if own.Lit != p.Lit || (own.Hole == nil) != (p.Hole == nil) {
				return out
			}
			if own.Hole != p.Hole {
				p.Hole = Unknown{} // one or the other
			}
			p.Likely = p.Likely || own.Likely
		}
		out = append(out, p)
	}
}
