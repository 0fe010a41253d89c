package text

import (
	"net"
	"net/url"
	"strings"
)

// URL is a net/url.URL whose fields are known in part. User is written as in a
// URL, with its @.
type URL struct {
	Scheme, Opaque, User, Host, Path, RawPath, RawQuery, Fragment, RawFragment Text

	OmitHost, ForceQuery bool

	// Undivided says that Path may begin with scheme and host: a text that
	// begins with a hole does not tell them apart.
	Undivided bool

	opaque    bool // even the path is not known
	markQuery bool // "?" is likely, though the query is empty
}

// ParseURL is net/url.Parse, which must succeed.
func ParseURL(t Text) (u URL, ok bool) {
	if s, ok := t.Const(); ok {
		parsed, err := url.Parse(s)
		if err != nil {
			return URL{}, false
		}
		return constURL(parsed), true
	}
	t, u.RawFragment = cutAt(t, "#")
	u.Fragment = unescaped(u.RawFragment)
	u.markQuery = strings.HasSuffix(t.Pattern(), "?") && strings.Count(t.Pattern(), "?") == 1
	t, u.RawQuery = cutAt(t, "?")
	head, _ := t.headed()
	_, known := t.Const()
	scheme, _, found := strings.Cut(head, ":")
	switch {
	case found && isScheme(scheme):
		u.Scheme = Lit(strings.ToLower(scheme))
		t = From(t, len(scheme)+1)
		head = head[len(scheme)+1:]
		switch {
		case strings.HasPrefix(head, "//"):
			return u.authority(From(t, 2)), true
		case len(head) > 1 && head[0] == '/':
			u.OmitHost = true
			return u.withPath(t), true
		case head != "" && head[0] != '/':
			u.Opaque = t
			return u, true
		}
		return u.undivided(Concat(u.Scheme, Lit(":"), t)), true
	case strings.HasPrefix(head, "//") && !strings.HasPrefix(head, "///"):
		return u.authority(From(t, 2)), true
	case known || len(head) > 1 && head[0] == '/' || relative(head):
		return u.withPath(t), true
	case head == "" && strings.HasPrefix(strings.TrimLeft(t.Pattern(), "*"), "://"):
		scheme, rest := cutAt(t, ":")
		u.Scheme, u.Opaque = lost(scheme), Likely("")
		return u.authority(dropSlashes(rest)), true
	case head == "/":
		u.Host, u.User = Likely(""), Likely("")
		return u.withPath(weak(t)), true
	}
	return u.undivided(t), true
}

// relative reports whether a text that begins with head is a path: a slash stands
// in it before any colon.
func relative(head string) bool {
	i := strings.IndexByte(head, '/')
	return i > 0 && !strings.Contains(head[:i], ":")
}

func constURL(u *url.URL) URL {
	out := URL{
		Scheme: Lit(u.Scheme), Opaque: Lit(u.Opaque), Host: Lit(u.Host), Path: Lit(u.Path), RawPath: Lit(u.RawPath),
		RawQuery: Lit(u.RawQuery), Fragment: Lit(u.Fragment), RawFragment: Lit(u.RawFragment),
		OmitHost: u.OmitHost, ForceQuery: u.ForceQuery,
	}
	if u.User != nil {
		out.User = Lit(u.User.String() + "@")
	}
	return out
}

// headed is the literals that ends gives, of constants too.
func (t Text) headed() (head, tail string) {
	if s, ok := t.Const(); ok {
		return s, ""
	}
	head, _, tail = t.ends()
	return head, tail
}

func isScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(c))) {
			return false
		}
	}
	return s != ""
}

// cutAt is t before and after the first sep, one byte, that it holds apart from
// its holes. What stands behind a hole may belong to either.
func cutAt(t Text, sep string) (before, after Text) {
	var b builder
	open := false
	for i, p := range t.Parts {
		lit, rest, found := strings.Cut(p.Lit, sep)
		open = open || p.open()
		if found {
			b.add(weakIf(open, Text{[]Part{{Lit: lit, Likely: p.Likely}}}).Parts...)
			after := Concat(Text{[]Part{{Lit: rest, Likely: p.Likely}}}, Text{t.Parts[i+1:]})
			return b.text(), weakIf(open, after)
		}
		b.add(weakIf(open, Text{[]Part{p}}).Parts...)
	}
	return b.text(), weakIf(open, Text{})
}

func weakIf(open bool, t Text) Text {
	if open {
		return weak(t)
	}
	return t
}

func (u URL) undivided(t Text) URL {
	u.Undivided = true
	u.Scheme, u.Host, u.User = lost(t), lost(t), Likely("")
	if first, _, _ := strings.Cut(t.Pattern(), "/"); strings.Contains(first, ":") {
		u.opaque = true
		return u.withPath(lost(t)) // behind the colon stands a port, or all but the scheme
	}
	return u.withPath(weak(t))
}

// dropSlashes is t, which is weak, without the "//" that it begins with.
func dropSlashes(t Text) Text {
	var b builder
	b.add(t.Parts...)
	b.parts[0].Lit = strings.TrimPrefix(b.parts[0].Lit, "//")
	return b.text()
}

// authority reads what stands behind "//".
func (u URL) authority(t Text) URL {
	host, path := cutAt(t, "/")
	if _, ok := host.Const(); ok {
		if len(t.Parts) > len(host.Parts) || t.minLen() > host.minLen() {
			path = Concat(Lit("/"), path)
		}
	} else if path.emptiness() != maybeFull || strings.Contains(t.Pattern(), "/") {
		path = weak(Concat(Lit("/"), path))
	}
	s, ok := host.Const()
	parsed, err := url.Parse("//" + s)
	switch {
	case ok && err == nil:
		u.User, u.Host = constURL(parsed).User, constURL(parsed).Host
	default:
		u.User, u.Host = Likely(""), weak(host)
		switch strings.Count(host.Pattern(), "@") {
		case 0:
		case 1:
			user, at := cutAt(host, "@")
			u.User, u.Host = Concat(lost(user), Likely("@")), weak(at)
		default:
			u.User, u.Host = lost(host), lost(host)
		}
	}
	return u.withPath(path)
}

// withPath is u with a path that is written escaped.
func (u URL) withPath(p Text) URL {
	u.Path, u.RawPath = unescaped(p), Text{}
	if s, ok := p.Const(); ok {
		if plain, ok := u.Path.Const(); ok && escapePath(plain) != s {
			u.RawPath = p
		}
		return u
	}
	u.RawPath = Likely("")
	for _, part := range p.Parts {
		if plain, err := url.PathUnescape(part.Lit); err == nil && escapePath(plain) != part.Lit {
			u.RawPath = weak(p)
		}
	}
	return u
}

func escapePath(s string) string { return (&url.URL{Path: "/" + s}).EscapedPath()[1:] }

// unescaped is net/url.PathUnescape, which must succeed.
func unescaped(t Text) Text {
	var b builder
	behind := false
	for i, p := range t.Parts {
		plain, err := url.PathUnescape(p.Lit)
		switch {
		case p.Hole != nil:
			b.add(p)
		case err != nil:
			b.likely(p.Lit) // a sequence goes on in a hole
		case p.Likely:
			b.likely(plain)
		case !behind || i == 0:
			b.lit(plain)
		default:
			n := 0 // digits that a hole's percent sign can take
			for n < 2 && n < len(p.Lit) && strings.IndexByte("0123456789abcdefABCDEF", p.Lit[n]) >= 0 {
				n++
			}
			rest, _ := url.PathUnescape(p.Lit[n:])
			b.likely(p.Lit[:n])
			b.lit(rest)
		}
		behind = behind || p.open()
	}
	return b.text()
}

// EscapedPath is (*net/url.URL).EscapedPath.
func (u URL) EscapedPath() Text {
	return escaped(u.Path, u.RawPath, func(plain, raw string) string {
		return (&url.URL{Path: plain, RawPath: raw}).EscapedPath()
	})
}

// escaped is plain, or its encoding raw where that is one.
func escaped(plain, raw Text, escape func(plain, raw string) string) Text {
	p, ok1 := plain.Const()
	r, ok2 := raw.Const()
	if ok1 && ok2 {
		return Lit(escape(p, r))
	}
	if len(plain.Parts) == 0 {
		return Text{}
	}
	var b builder
	star := true // "*" alone is not escaped
	for _, part := range plain.Parts {
		star = star && (part.open() || part.Lit == "*")
		if part.Hole == nil {
			part.Lit = escape("/"+part.Lit, "")[1:]
		}
		b.add(part)
	}
	out := b.text()
	switch {
	case raw.emptiness() == empty && star && plain.minLen() == 1:
		return weak(out)
	case raw.emptiness() == empty:
		return out
	case raw.emptiness() == maybeFull:
		return weak(out)
	}
	return lost(plain, raw)
}

// String is (*net/url.URL).String.
func (u URL) String() Text {
	path := u.EscapedPath()
	out := Concat(u.Scheme, u.Scheme.unlessEmpty(":"))
	switch {
	case u.Undivided:
		out = path
		if first, _, _ := strings.Cut(path.Pattern(), "/"); strings.Contains(first, ":") {
			out = Concat(Likely("./"), path)
		}
	case u.Opaque.emptiness() == filled:
		out = Concat(out, u.Opaque)
	case u.Opaque.emptiness() == maybeEmpty:
		out = lost(u.Opaque, u.Scheme, u.User, u.Host, path)
	default:
		authority := Concat(u.User, escapedHost(u.Host))
		before := Concat(u.Scheme, authority)
		if !u.OmitHost || authority.emptiness() != empty {
			slashes := Concat(authority, path).unlessEmpty("//")
			if before.emptiness() != filled {
				slashes = before.unlessEmpty(slashes.Pattern())
			}
			if u.OmitHost {
				slashes = authority.unlessEmpty("//")
			}
			out = Concat(out, slashes, authority)
		}
		out = weakIf(u.Opaque.emptiness() == maybeFull, Concat(out, u.slash(path, before), path))
	}
	fragment := escaped(u.Fragment, u.RawFragment, func(plain, raw string) string {
		return (&url.URL{Fragment: plain, RawFragment: raw}).EscapedFragment()
	})
	return Concat(out, u.queryMark(), u.RawQuery, fragment.unlessEmpty("#"), fragment)
}

func (u URL) queryMark() Text {
	switch {
	case u.ForceQuery:
		return Lit("?")
	case u.markQuery:
		return Likely("?")
	}
	return u.RawQuery.unlessEmpty("?")
}

// slash is what is put in front of the path: a slash behind a host, "./" where
// a segment with a colon would be read as a scheme.
func (u URL) slash(path, before Text) Text {
	head, _ := path.headed()
	sure, _, more := strings.Cut(head, "/")
	likely, _, _ := strings.Cut(path.Pattern(), "/")
	_, known := path.Const()
	switch {
	case head != "" && head[0] == '/' || path.emptiness() == empty:
		return Text{}
	case strings.HasPrefix(path.Pattern(), "/") || path.emptiness() == maybeFull:
		return Likely("")
	case head != "" && u.Host.emptiness() == filled:
		return Lit("/")
	case u.Host.emptiness() == maybeFull:
		return Likely("")
	case u.Host.emptiness() != empty:
		return Likely("/")
	case before.emptiness() == filled:
		return Text{}
	case before.emptiness() != empty:
		return Likely("")
	case strings.Contains(sure, ":"):
		return Lit("./")
	case strings.Contains(likely, ":"):
		return Likely("./")
	case more || known:
		return Text{}
	}
	return Likely("")
}

func escapedHost(host Text) Text {
	var b builder
	for _, p := range host.Parts {
		if p.Lit != "" {
			p.Lit = strings.TrimPrefix((&url.URL{Host: p.Lit}).String(), "//")
		}
		b.add(p)
	}
	return b.text()
}

// RequestURI is (*net/url.URL).RequestURI.
func (u URL) RequestURI() Text {
	path := u.EscapedPath()
	switch path.emptiness() {
	case empty:
		path = Lit("/")
	case maybeEmpty:
		path = weak(path)
	case maybeFull:
		path = Likely("/")
	}
	out := path
	switch u.Opaque.emptiness() {
	case empty:
	case filled:
		out = u.Opaque
		if head, _ := u.Opaque.headed(); strings.HasPrefix(head, "//") {
			out = Concat(u.Scheme, Lit(":"), out)
		} else if len(head) < 2 && (head == "" || head == "/") {
			out = lost(u.Opaque, u.Scheme)
		}
	default:
		out = lost(u.Opaque, u.Scheme, path)
	}
	return Concat(out, u.queryMark(), u.RawQuery)
}

// JoinPath is (*net/url.URL).JoinPath.
func (u URL) JoinPath(elems ...Text) URL {
	if u.opaque {
		return u.withPath(lost(append([]Text{u.Path}, elems...)...))
	}
	elems = append([]Text{u.EscapedPath()}, elems...)
	head, _ := elems[0].headed()
	var p Text
	if strings.HasPrefix(head, "/") || head == "" && strings.HasPrefix(elems[0].Pattern(), "/") {
		p = JoinPath(elems...)
	} else {
		elems[0] = Concat(Lit("/"), elems[0])
		p = From(JoinPath(elems...), 1)
	}
	last := elems[len(elems)-1]
	if s := last.Pattern(); strings.HasSuffix(s, "/") {
		whole, known := p.Const()
		switch _, tail := p.headed(); {
		case known && !strings.HasSuffix(whole, "/"), !known && tail != "":
			p = Concat(p, Lit("/"))
		case !known && !strings.HasSuffix(p.Pattern(), "/"):
			p = Concat(p, Likely("/"))
		}
	}
	return u.withPath(p)
}

// Resolve is (*net/url.URL).ResolveReference. A reference that begins with a hole
// is taken for a path.
func (u URL) Resolve(ref URL) URL {
	if ref.Undivided {
		ref.Scheme, ref.Host, ref.User = Text{}, Text{}, Text{}
	}
	if s, known := ref.Scheme.Const(); !known || s != "" || len(ref.Host.Parts) > 0 {
		return ref
	}
	if len(ref.Path.Parts) == 0 {
		out := u
		if len(ref.RawQuery.Parts) > 0 || ref.ForceQuery || ref.markQuery {
			out.RawQuery, out.ForceQuery, out.markQuery = ref.RawQuery, ref.ForceQuery, ref.markQuery
		}
		out.Fragment, out.RawFragment = ref.Fragment, ref.RawFragment
		return out
	}
	dir := Text{}
	if head, _ := ref.Path.headed(); !strings.HasPrefix(head, "/") {
		dir, _ = SplitPath(u.Path)
		if u.Undivided && dir.Pattern() == "" { // no segment, but all of a URL
			dir = Concat(lost(u.Path), Likely("/"))
		}
	}
	out := u.withPath(dir).JoinPath(ref.EscapedPath())
	if p := ref.Path.Pattern(); strings.Contains(p, "//") || strings.Contains(p, "..") { // which JoinPath reads in another way
		out = u.withPath(lost(u.Path, ref.Path))
	}
	out.RawQuery, out.ForceQuery, out.markQuery = ref.RawQuery, ref.ForceQuery, ref.markQuery
	out.Fragment, out.RawFragment = ref.Fragment, ref.RawFragment
	return out
}

// JoinURL is net/url.JoinPath, which must succeed.
func JoinURL(base Text, elems ...Text) Text {
	u, ok := ParseURL(base)
	if !ok {
		return lost(append([]Text{base}, elems...)...)
	}
	return u.JoinPath(elems...).String()
}

// PathEscape is net/url.PathEscape.
func PathEscape(t Text) Text { return bytewise(t, url.PathEscape) }

// QueryEscape is net/url.QueryEscape.
func QueryEscape(t Text) Text { return bytewise(t, url.QueryEscape) }

func bytewise(t Text, f func(string) string) Text {
	var b builder
	for _, p := range t.Parts {
		p.Lit = f(p.Lit)
		b.add(p)
	}
	return b.text()
}

// JoinHostPort is net.JoinHostPort.
func JoinHostPort(host, port Text) Text {
	if h, ok := host.Const(); ok {
		return Concat(Lit(net.JoinHostPort(h, "")), port)
	}
	for _, p := range host.Parts {
		if !p.open() && strings.Contains(p.Lit, ":") {
			return Concat(Lit("["), host, Lit("]:"), port)
		}
	}
	return Concat(Likely(""), host, Likely(""), Lit(":"), port)
}
