package text

import (
	"net"
	"net/url"
	"strings"
	"testing"
)

var urlAtoms = []string{"/", "a", "http://", "h", ":80", "?", "#", "%41", "@", ":", "//", "..", "=1", "*", "é", "%2F", "u:p@", " ", "1", "%", "https:", "&"}

// parsed is the fold of a part of a parsed URL.
func parsed(name string, part func(URL) Text, exact func(*url.URL) string) fold {
	return fold{"Parse " + name, func(d *dice) (Text, func(fill) (string, bool)) {
		t := d.text()
		if d.roll(2) == 0 {
			t = Concat(Lit("http://h/"), t)
		}
		u, ok := ParseURL(t)
		if !ok {
			return Text{}, func(f fill) (string, bool) {
				_, err := url.Parse(f(t))
				return "an error", err == nil
			}
		}
		return part(u), func(f fill) (string, bool) {
			u, err := url.Parse(f(t))
			if err != nil {
				return "", false
			}
			return exact(u), true
		}
	}}
}

// built is the fold of a method of a URL that is made of its fields.
func built(name string, method func(URL) Text, exact func(*url.URL) string) fold {
	return fold{"URL " + name, func(d *dice) (Text, func(fill) (string, bool)) {
		some := func() Text {
			if d.roll(2) == 0 {
				return Text{}
			}
			return d.text()
		}
		u := URL{
			Scheme: some(), Host: some(), Path: some(), RawPath: some(), RawQuery: some(), Fragment: some(),
			OmitHost: d.roll(8) == 0, ForceQuery: d.roll(8) == 0,
		}
		if d.roll(8) == 0 {
			u.Opaque = d.text()
		}
		if d.roll(2) == 0 {
			u.Path, u.RawPath = Concat(Lit("/"), u.Path), Text{}
		}
		return method(u), func(f fill) (string, bool) {
			return exact(&url.URL{
				Scheme: f(u.Scheme), Opaque: f(u.Opaque), Host: f(u.Host), Path: f(u.Path), RawPath: f(u.RawPath),
				RawQuery: f(u.RawQuery), Fragment: f(u.Fragment), OmitHost: u.OmitHost, ForceQuery: u.ForceQuery,
			}), true
		}
	}}
}

var urlFolds = []fold{
	parsed("scheme", func(u URL) Text { return u.Scheme }, func(u *url.URL) string { return u.Scheme }),
	parsed("host", func(u URL) Text { return u.Host }, func(u *url.URL) string { return u.Host }),
	parsed("path", func(u URL) Text { return u.Path }, func(u *url.URL) string { return u.Path }),
	parsed("query", func(u URL) Text { return u.RawQuery }, func(u *url.URL) string { return u.RawQuery }),
	parsed("fragment", func(u URL) Text { return u.Fragment }, func(u *url.URL) string { return u.Fragment }),
	parsed("escaped path", URL.EscapedPath, (*url.URL).EscapedPath),
	parsed("string", URL.String, (*url.URL).String),
	parsed("request URI", URL.RequestURI, (*url.URL).RequestURI),
	built("escaped path", URL.EscapedPath, (*url.URL).EscapedPath),
	built("string", URL.String, (*url.URL).String),
	built("request URI", URL.RequestURI, (*url.URL).RequestURI),
	{"URL join", func(d *dice) (Text, func(fill) (string, bool)) {
		u := URL{Scheme: Lit("http"), Host: d.text(), Path: d.text()}
		elems := []Text{d.text(), d.text(), d.text()}[:d.roll(4)]
		return u.JoinPath(elems...).String(), func(f fill) (string, bool) {
			exact := &url.URL{Scheme: "http", Host: f(u.Host), Path: f(u.Path)}
			all := fillAll(elems, f)
			if _, err := url.JoinPath(exact.EscapedPath(), all...); err != nil {
				return "", false
			}
			return exact.JoinPath(all...).String(), true
		}
	}},
	{"URL resolve", func(d *dice) (Text, func(fill) (string, bool)) {
		u := URL{Scheme: Lit("http"), Host: Lit("h"), Path: Lit([]string{"", "/", "/v1", "/v1/", "/a/b"}[d.roll(5)])}
		ref := Concat(Lit([]string{"x/", "/x/", "x/y", "?"}[d.roll(4)]), d.text())
		parsed, _ := ParseURL(ref)
		return u.Resolve(parsed).String(), func(f fill) (string, bool) {
			to, err := url.Parse(f(ref))
			if err != nil {
				return "", false
			}
			return (&url.URL{Scheme: "http", Host: "h", Path: f(u.Path)}).ResolveReference(to).String(), true
		}
	}},
	{"JoinURL", func(d *dice) (Text, func(fill) (string, bool)) {
		base := d.text()
		elems := []Text{d.text(), d.text(), d.text()}[:d.roll(4)]
		return JoinURL(base, elems...), func(f fill) (string, bool) {
			s, err := url.JoinPath(f(base), fillAll(elems, f)...)
			return s, err == nil
		}
	}},
	one("PathEscape", PathEscape, url.PathEscape),
	one("QueryEscape", QueryEscape, url.QueryEscape),
	two("JoinHostPort", JoinHostPort, net.JoinHostPort),
}

func TestURL(t *testing.T) { law(t, urlAtoms, urlFolds) }
func FuzzURL(f *testing.F) { fuzz(f, urlAtoms, urlFolds) }

func TestURLKeepsWhatIsCertain(t *testing.T) {
	id := Hole(0)
	base := URL{Scheme: Lit("http"), Host: Lit("h")}
	withPath := func(p Text) URL { u := base; u.Path = p; return u }
	parse := func(t Text) URL { u, _ := ParseURL(t); return u }
	for _, test := range []struct {
		got           Text
		want, pattern string
	}{
		{withPath(Concat(Lit("/v2/"), id)).String(), `"http://h/v2/" *0`, "http://h/v2/*"},
		{withPath(Concat(Lit("/v2/"), id)).RequestURI(), `"/v2/" *0`, "/v2/*"},
		{base.JoinPath(Lit("v2"), Lit("logs")).String(), `"http://h/v2/logs"`, "http://h/v2/logs"},
		{withPath(Lit("/api/")).Resolve(parse(Concat(Lit("stars/"), id))).String(), `"http://h" ["/api/stars/"] *0`, "http://h/api/stars/*"},
		{parse(Concat(Lit("http://h:80/a/"), id, Lit("/b?x=1"))).Host, `"h:80"`, "h:80"},
		{parse(Concat(Lit("http://h:80/a/"), id, Lit("/b?x=1"))).Path, `"/a/" *0 ["/b"]`, "/a/*/b"},
		{parse(Concat(Lit("http://h:80/a/"), id, Lit("/b?x=1"))).RawQuery, `["x=1"]`, "x=1"},
		{parse(Concat(Lit("http://"), id, Lit("/v1/x"))).Path, `["/v1/x"]`, "/v1/x"},
		{parse(Concat(id, Lit("/v1/x"))).Path, `*0 ["/v1/x"]`, "*/v1/x"},
		{JoinURL(Concat(id, Lit("/v1")), Lit("x")), `*0 ["/v1/x"]`, "*/v1/x"},
		{PathEscape(Concat(Lit("a b"), id)), `"a%20b" *0`, "a%20b*"},
	} {
		if got := strings.Trim(test.got.show(), "‹ ›"); got != test.want || test.got.Pattern() != test.pattern {
			t.Errorf("have %s %s, want %s %s", got, test.got.Pattern(), test.want, test.pattern)
		}
	}
}
