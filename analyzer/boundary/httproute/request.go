package httproute

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/text"
)

// request is what is known of one sent request.
type request struct {
	methods  []eval.Text
	deciding []eval.Text // what decides the path: the URL where it is written as text, else its path
	urls     []text.URL
	address  []string    // host:port, empty where it is not known
	holes    []eval.Hole // what decides the request itself
}

// keys is what the request can ask for, as far as that is known.
func (r request) keys() []boundary.Key {
	var out []boundary.Key
	for _, p := range shortest(r.urls) {
		if !hasLetter(p) && (p == "" || p[0] != '/' || strings.Contains(p, "*")) {
			continue
		}
		for _, m := range r.methods {
			out = append(out, boundary.Key{Name: strings.ToUpper(m.Pattern()), Path: p})
		}
	}
	return out
}

// request folds the request that call sends.
func (f clientFinder) request(c *eval.Context, s sender, call index.Call, root *eval.Frame) request {
	var r request
	if s.req < 0 {
		if v := eval.Argument(call.Instr, s.url); v != nil {
			r.methods = []eval.Text{eval.Lit(s.method)}
			r.url(c, v, root)
		}
		return r
	}
	sent := eval.Argument(call.Instr, s.req)
	if sent == nil {
		return r
	}
	for _, v := range c.Eval(sent, root) {
		switch v := v.(type) {
		case eval.Hole:
			if v.Kind != eval.Opaque {
				r.holes = append(r.holes, v)
			}
		case eval.Result:
			before := len(r.urls)
			a := v.Call.Call.Args
			switch program.Symbol(v.Call.Call.StaticCallee()) {
			case "net/http.NewRequest":
				r.methods = append(r.methods, texts(c.Eval(a[0], v.Frame))...)
				r.url(c, a[1], v.Frame)
			case "net/http.NewRequestWithContext":
				r.methods = append(r.methods, texts(c.Eval(a[1], v.Frame))...)
				r.url(c, a[2], v.Frame)
			}
			made := r.urls[before:]
			set := c.RequestURLs(made, v)
			if !sameHosts(made, set) {
				r.asks(text.URL{})
			}
			r.urls = append(r.urls[:before:before], set...)
		case eval.Object:
			r.methods = append(r.methods, texts(c.Field(v, "Method"))...)
			for _, u := range c.Field(v, "URL") {
				if t, ok := u.(eval.Text); ok {
					r.deciding = append(r.deciding, t)
				}
				r.addURLs(c.RequestURLs(c.URLs(u), v))
			}
		}
	}
	return r
}

// url adds the URL that is written as text.
func (r *request) url(c *eval.Context, v ssa.Value, fr *eval.Frame) {
	for _, x := range c.Eval(v, fr) {
		t := eval.AsText(x)
		r.deciding = append(r.deciding, t)
		r.urls = append(r.urls, c.URLs(t)...)
	}
	for _, t := range texts(c.Fixed().Eval(v, fr)) {
		for _, u := range c.URLs(t) {
			r.asks(u)
		}
	}
}

// addURLs adds URLs that are made field by field. What their hosts can be set
// to is not told, so they name no address.
func (r *request) addURLs(urls []text.URL) {
	for _, u := range urls {
		r.deciding = append(r.deciding, eval.Text{Text: u.Path})
		r.urls = append(r.urls, u)
		r.asks(text.URL{})
	}
}

func sameHosts(a, b []text.URL) bool {
	return slices.EqualFunc(a, b, func(x, y text.URL) bool { return x.Host.Pattern() == y.Host.Pattern() })
}

// asks adds the address that a request to u is sent to.
func (r *request) asks(u text.URL) {
	a := address(u.Scheme.Pattern(), u.Host.Pattern())
	if !slices.Contains(r.address, a) {
		r.address = append(r.address, a)
	}
}

func texts(values []eval.Value) []eval.Text {
	var out []eval.Text
	for _, v := range values {
		out = append(out, eval.AsText(v))
	}
	return out
}

// deciding is the holes of a path that choose which handler is meant. A hole
// that fills a whole path segment is a parameter of the request and stays a
// hole, unless somebody writes a constant there.
func (f clientFinder) deciding(t eval.Text) []eval.Hole {
	lettered := hasLetter(t.Pattern())
	var out []eval.Hole
	for i, p := range t.Parts {
		h, ok := p.Hole.(eval.Hole)
		if !ok || h.Kind == eval.Opaque {
			continue
		}
		if !lettered {
			out = append(out, h)
			continue
		}
		starts := i == 0 || t.Parts[i-1].Hole == nil && strings.HasSuffix(t.Parts[i-1].Lit, "/")
		ends := i == len(t.Parts)-1 || t.Parts[i+1].Hole == nil && strings.IndexAny(t.Parts[i+1].Lit, "/?") == 0
		first := !hasLetter(text.Text{Parts: t.Parts[:i]}.Pattern())
		if starts && ends && !f.constant(h, 0) && (!first || !f.writesPath(h)) {
			continue
		}
		if i == 0 && ends && !f.writesPath(h) {
			continue // the server's address
		}
		out = append(out, h)
	}
	return out
}

// writesPath reports whether some caller passes for h a text with a path in it.
func (f clientFinder) writesPath(h eval.Hole) bool {
	p, ok := h.V.(*ssa.Parameter)
	if !ok {
		return false
	}
	n := slices.Index(p.Parent().Params, p)
	for _, s := range f.Graph.In(p.Parent()) {
		a := eval.Argument(s.Instr, n)
		if a == nil {
			continue
		}
		for _, v := range f.Eval.Context().Eval(a, f.Eval.Root(s.Caller)) {
			if t := eval.AsText(v); !strings.Contains(t.Pattern(), "://") && strings.Contains(t.Pattern(), "/") && hasLetter(t.Pattern()) {
				return true
			}
		}
	}
	return false
}

// maxHanded is through how many functions a part of a path is looked for.
const maxHanded = 4

// constant reports whether h is written down somewhere: some caller passes a
// constant for it, or it is an element of a list of constants.
func (f clientFinder) constant(h eval.Hole, depth int) bool {
	if known, ok := f.constants[h.V]; ok || depth > maxHanded {
		return known
	}
	f.constants[h.V] = false // until it is known, of a function that calls itself
	found := false
	switch v := h.V.(type) {
	case *ssa.Parameter:
		n := slices.Index(v.Parent().Params, v)
		for _, s := range f.Graph.In(v.Parent()) {
			if a := eval.Argument(s.Instr, n); a != nil && s.Rule != "passed" && !found {
				found = f.anyConstant(f.Eval.Context().Eval(a, f.Eval.Root(s.Caller)), depth)
			}
		}
	default:
		chosen, _ := f.Eval.Context().Spread(h)
		for _, c := range chosen {
			found = found || f.anyConstant(c.Eval(h.V, h.Frame), depth)
		}
	}
	f.constants[h.V] = found
	return found
}

func (f clientFinder) anyConstant(values []eval.Value, depth int) bool {
	return slices.ContainsFunc(values, func(v eval.Value) bool {
		switch v := v.(type) {
		case eval.Text:
			s, constant := v.Const()
			return constant && s != "" || len(v.Parts) == 1 && slices.ContainsFunc(v.Holes(), func(h eval.Hole) bool { return f.constant(h, depth+1) })
		case eval.Hole:
			return v.Kind != eval.Opaque && f.constant(v, depth+1)
		}
		return false
	})
}

// hasLetter reports whether a path, or that of a URL, has one.
func hasLetter(s string) bool {
	path := s
	if _, rest, ok := strings.Cut(s, "://"); ok {
		_, path, _ = strings.Cut(rest, "/")
	}
	return strings.ContainsFunc(path, unicode.IsLetter)
}

// shortest is the distinct paths, without those that only put something
// before another one: "/v*/jobs" beside "/jobs".
func shortest(urls []text.URL) []string {
	var all []string
	for _, u := range urls {
		if p := urlPath(u); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	var out []string
	for _, p := range all {
		if !slices.ContainsFunc(all, func(q string) bool {
			q = strings.TrimPrefix(q, "*")
			return len(q) < len(strings.TrimPrefix(p, "*")) && strings.HasPrefix(q, "/") && hasLetter(q) && strings.HasSuffix(p, q)
		}) {
			out = append(out, p)
		}
	}
	return out
}

// based is a path without a slash that is only likely before an unknown text: the
// path of a base, which is empty or brings its own.
func based(p text.Text) text.Text {
	if len(p.Parts) > 1 && p.Parts[0].Likely && p.Parts[0].Lit == "/" && p.Parts[1].Hole != nil {
		p.Parts = p.Parts[1:]
	}
	return p
}

// urlPath is the path that a request to u asks for. Where a hole follows the
// letters of a host it can hold the path.
func urlPath(u text.URL) string {
	p, host := based(u.Path).Pattern(), u.Host.Pattern()
	switch {
	case p == "" && u.Opaque.Pattern() == "" && strings.HasSuffix(host, "*") && host != "*":
		return "*"
	case p == "" && host == "":
		return "" // no URL at all
	case p == "" || p[0] != '/' && p[0] != '*':
		return "/" + p
	}
	return p
}
