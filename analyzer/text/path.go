package text

import (
	"path"
	"slices"
	"strings"
)

// JoinPath is path.Join.
func JoinPath(elems ...Text) Text {
	var joined Text
	for _, e := range elems {
		if len(e.Parts) == 0 {
			continue
		}
		joined = Concat(joined, joined.unlessEmpty("/"), e)
	}
	if len(joined.Parts) == 0 {
		return Text{}
	}
	return CleanPath(joined)
}

// CleanPath is path.Clean. A hole of ".." takes away what stands before it, one
// that is empty the slash beside it: these are likely.
func CleanPath(t Text) Text {
	if s, ok := t.Const(); ok {
		return Lit(path.Clean(s))
	}
	head, middle, tail := t.ends()
	rooted := strings.HasPrefix(head, "/")
	begin := slices.IndexFunc(t.Parts, func(p Part) bool { return p.Lit != "" || p.Hole != nil })
	likelyRooted := begin >= 0 && t.Parts[begin].Hole == nil && strings.HasPrefix(t.Parts[begin].Lit, "/")

	var body [][]Part // the segments that an ordinary hole leaves, up to the last open part
	all := segments(Concat(Lit(head), Text{middle}))
	for _, seg := range all {
		body = push(body, seg, likelyRooted)
	}
	if last := len(all) - 1; last > 0 && len(all[last]) == 0 {
		tail = "/" + tail // a likely slash stands before it
	}
	first, rest, climbs := cleanTail(tail)
	for range climbs {
		body = push(body, []Part{{Lit: ".."}}, likelyRooted)
	}

	var b builder
	switch {
	case rooted:
		b.lit("/")
	case likelyRooted:
		b.likely("/")
	}
	b.likely("")
	for i, seg := range body {
		if i > 0 {
			b.likely("/")
		}
		b.add(weak(Text{seg}).Parts...)
	}
	if strings.Trim(first, ".") == "" {
		b.likely(first) // in front of a hole it can be a segment of dots
	} else {
		b.lit(first)
	}
	if rest != "" {
		switch {
		case strings.Trim(first, ".") != "":
			b.lit("/")
		case first != "" || len(body) > 0:
			b.likely("/")
		}
		b.lit(rest)
	}
	if (Text{b.parts}).Pattern() == "" {
		b.likely(".")
	}
	return b.text()
}

// segments splits t at the slashes of its literals and likely parts.
func segments(t Text) [][]Part {
	out := [][]Part{nil}
	for _, p := range t.Parts {
		for i, s := range strings.Split(p.Lit, "/") {
			if i > 0 {
				out = append(out, nil)
			}
			if n := len(out) - 1; s != "" || p.Hole != nil {
				out[n] = append(out[n], Part{Lit: s, Likely: p.Likely, Hole: p.Hole})
			}
		}
	}
	return out
}

// push adds a segment to a clean path.
func push(to [][]Part, seg []Part, rooted bool) [][]Part {
	s, known := "", true
	for _, p := range seg {
		s, known = s+p.Lit, known && p.Hole == nil
	}
	switch {
	case known && (s == "" || s == "."):
		return to
	case known && s == "..":
		last := len(to) - 1
		if last >= 0 && (len(to[last]) != 1 || to[last][0].Lit != "..") {
			return to[:last]
		}
		if rooted && last < 0 {
			return to
		}
	}
	return append(to, seg)
}

// cleanTail cleans the literal that a path ends with, behind a hole: first is
// what goes on with the hole's segment, rest the segments after it, and climbs
// how many segments are taken away before rest.
func cleanTail(tail string) (first, rest string, climbs int) {
	first, rest, more := strings.Cut(tail, "/")
	if !more {
		return first, "", 0
	}
	if rest = path.Clean(strings.TrimLeft(rest, "/")); rest == "." {
		return first, "", 0
	}
	for rest == ".." || strings.HasPrefix(rest, "../") {
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, ".."), "/")
		climbs++
	}
	if climbs > 0 {
		first = ""
	}
	return first, rest, climbs
}

// BasePath is path.Base.
func BasePath(t Text) Text {
	if s, ok := t.Const(); ok {
		return Lit(path.Base(s))
	}
	t = TrimRight(t, Lit("/"))
	if _, _, tail := t.ends(); strings.Contains(tail, "/") {
		return Lit(path.Base(tail))
	}
	_, file := SplitPath(t)
	return file
}

// DirPath is path.Dir.
func DirPath(t Text) Text {
	dir, _ := SplitPath(t)
	if len(dir.Parts) == 0 {
		return Lit(".")
	}
	return CleanPath(dir)
}

// SplitPath is path.Split.
func SplitPath(t Text) (dir, file Text) {
	if s, ok := t.Const(); ok {
		d, f := path.Split(s)
		return Lit(d), Lit(f)
	}
	head, _, tail := t.ends()
	if i := strings.LastIndexByte(tail, '/'); i >= 0 {
		return WithoutLast(t, len(tail)-i-1), Lit(tail[i+1:])
	}
	// A hole may hold the last slash: what ordinary holes give is likely.
	var d, f builder
	cut := strings.LastIndexByte(head, '/') + 1
	d.lit(head[:cut])
	d.likely("")
	segs := segments(From(t, cut))
	last := segs[len(segs)-1]
	for _, seg := range segs[:len(segs)-1] {
		d.add(weak(Text{seg}).Parts...)
		d.likely("/")
	}
	if tail != "" {
		last = last[:len(last)-1]
	}
	f.add(weak(Text{last}).Parts...)
	f.lit(tail)
	return d.text(), f.text()
}

// ExtPath is path.Ext.
func ExtPath(t Text) Text {
	if s, ok := t.Const(); ok {
		return Lit(path.Ext(s))
	}
	if _, _, tail := t.ends(); strings.ContainsAny(tail, "./") {
		return Lit(path.Ext(tail))
	}
	_, file := SplitPath(t)
	for i, p := range mirror(file.Parts) {
		if strings.Contains(p.Lit, ".") {
			return weak(Concat(Lit(path.Ext(p.Lit)), Text{file.Parts[len(file.Parts)-i:]}))
		}
	}
	return lost(t)
}
