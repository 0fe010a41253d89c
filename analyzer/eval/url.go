package eval

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/text"
)

// URLs is the URLs that v, a *url.URL, url.URL or string, can be.
func (c *Context) URLs(v Value) []text.URL { return c.question().urls(v) }

// urlMethod is the model of a method of a URL without arguments.
func urlMethod(f func(text.URL) text.Text) model {
	return func(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
		var out []Value
		for _, u := range e.urlsAt(v.Call.Args[0], v, fr) {
			out = append(out, Text{Text: f(u)})
		}
		return distinct(out)
	}
}

// urlFields are the fields of url.URL that hold text.
var urlFields = []struct {
	name string
	of   func(*text.URL) *text.Text
}{
	{"Scheme", func(u *text.URL) *text.Text { return &u.Scheme }},
	{"Opaque", func(u *text.URL) *text.Text { return &u.Opaque }},
	{"Host", func(u *text.URL) *text.Text { return &u.Host }},
	{"Path", func(u *text.URL) *text.Text { return &u.Path }},
	{"RawPath", func(u *text.URL) *text.Text { return &u.RawPath }},
	{"RawQuery", func(u *text.URL) *text.Text { return &u.RawQuery }},
	{"Fragment", func(u *text.URL) *text.Text { return &u.Fragment }},
	{"RawFragment", func(u *text.URL) *text.Text { return &u.RawFragment }},
}

// urlsAt is the URLs that v can be when control is at an instruction of its
// function: what was stored to a field before hides what the URL was made
// with.
func (e *evaluation) urlsAt(v ssa.Value, at ssa.Instruction, fr *Frame) []text.URL {
	var out []text.URL
	for _, base := range e.eval(v, fr) {
		out = append(out, e.urls(base)...)
	}
	return e.changed(out, v, at, fr)
}

// RequestURLs is the URLs of a request, where base is those it was made with:
// the function that made it may have set parts of them before it hands the
// request on.
func (c *Context) RequestURLs(base []text.URL, request Value) []text.URL {
	var made ssa.Value
	var fr *Frame
	switch r := request.(type) {
	case Object:
		made, fr = r.Site, r.Frame
	case Result:
		fr = r.Frame
		for _, x := range *r.Call.Referrers() {
			if x, ok := x.(*ssa.Extract); ok && x.Index == r.Index {
				made = x
			}
		}
	}
	if made == nil || index.FieldNamed(made.Type(), "URL") < 0 {
		return base
	}
	at := handedOn(made)
	loads := loadsOf(made, index.FieldNamed(made.Type(), "URL"))
	if at == nil || len(loads) == 0 {
		return base
	}
	return c.question().changed(base, loads[0], at, fr)
}

// handedOn is the last place at which a function gives v to others.
func handedOn(v ssa.Value) ssa.Instruction {
	var last ssa.Instruction
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.Call, *ssa.Return, *ssa.Go, *ssa.Defer, *ssa.MakeInterface:
		case *ssa.Store:
			if r.Val != v {
				continue
			}
		default:
			continue
		}
		if last == nil || r.Pos() > last.Pos() {
			last = r
		}
	}
	return last
}

// changed is the URLs with what is stored to fields of what v points to before
// control is at an instruction.
func (e *evaluation) changed(out []text.URL, v ssa.Value, at ssa.Instruction, fr *Frame) []text.URL {
	for _, f := range urlFields {
		i := index.FieldNamed(v.Type(), f.name)
		if i < 0 {
			continue
		}
		var next []text.URL
		for _, change := range e.lastChanges(v, i, at) {
			var values []Value
			switch c := change.(type) {
			case *ssa.Store:
				values = e.eval(c.Val, fr)
			case *ssa.Call:
				values = e.fieldAfter(c, v, i, fr)
			default:
				next = append(next, out...)
			}
			for _, x := range values {
				for _, u := range out {
					*f.of(&u) = AsText(x).Text
					u.Undivided = u.Undivided && f.name != "Path"
					next = append(next, u)
				}
			}
		}
		out = few(next)
	}
	return out
}

// few is the URLs, or one that is not known where there are too many.
func few(urls []text.URL) []text.URL {
	if len(urls) <= maxValues {
		return urls
	}
	return []text.URL{text.WidenURLs(urls)}
}

// urls is the URLs that a value is. One that is made from itself, as a loop that
// follows redirects makes it, adds what it was before.
func (e *evaluation) urls(v Value) []text.URL {
	switch v.(type) {
	case Object, Result:
		k := identity(v)
		if e.urlsOf[k] {
			e.cuts++
			e.incomplete = true
			return nil
		}
		if e.urlsOf == nil {
			e.urlsOf = map[string]bool{}
		}
		e.urlsOf[k] = true
		defer delete(e.urlsOf, k)
	}
	switch v := v.(type) {
	case Text:
		if u, ok := text.ParseURL(v.Text); ok {
			return []text.URL{u}
		}
		return nil // an error
	case Object:
		return e.urlOfFields(v)
	case Result:
		args := v.Call.Call.Args
		switch program.Symbol(v.Call.Call.StaticCallee()) {
		case "net/url.Parse", "net/url.ParseRequestURI":
			var out []text.URL
			for _, x := range e.eval(args[0], v.Frame) {
				out = append(out, e.urls(AsText(x))...)
			}
			return out
		case "(net/url.URL).JoinPath", "(*net/url.URL).JoinPath":
			var out []text.URL
			for _, u := range e.urlsAt(args[0], v.Call, v.Frame) {
				for _, choice := range choices(e.arguments(v.Call, v.Frame)[1:]) {
					var elems []text.Text
					for _, x := range choice {
						elems = append(elems, AsText(x).Text)
					}
					out = append(out, u.JoinPath(elems...))
				}
			}
			return few(out)
		case "(*net/url.URL).ResolveReference", "(*net/url.URL).Parse":
			refs := e.urlsAt(args[1], v.Call, v.Frame)
			var out []text.URL
			for _, u := range e.urlsAt(args[0], v.Call, v.Frame) {
				for _, ref := range refs {
					out = append(out, u.Resolve(ref))
				}
			}
			return few(out)
		}
	}
	u, _ := text.ParseURL(AsText(v).Text)
	return []text.URL{u}
}

// urlOfFields is a URL that is made field by field.
func (e *evaluation) urlOfFields(o Object) []text.URL {
	if out := e.copiedURLs(o); out != nil {
		return out
	}
	out := []text.URL{{}}
	given := givenPath(o)
	for _, f := range urlFields {
		i := index.FieldNamed(o.T, f.name)
		if i < 0 {
			u, _ := text.ParseURL(text.Hole(text.Unknown{}))
			return []text.URL{u}
		}
		values := e.fieldOf(o, i, types.Typ[types.String])
		if len(values) == 0 {
			values = []Value{Hole{}}
			if e.unset(o, maxFrames) || (f.name == "Opaque" || f.name == "RawPath") && given {
				values = []Value{Text{}}
			}
		}
		if len(out)*len(values) > maxValues {
			values = []Value{Text{Text: joint(values)}}
		}
		var next []text.URL
		for _, u := range out {
			for _, x := range values {
				*f.of(&u) = AsText(x).Text
				next = append(next, u)
			}
		}
		out = next
	}
	for _, name := range []string{"User", "ForceQuery", "OmitHost"} {
		i := index.FieldNamed(o.T, name)
		if i < 0 || len(e.fieldOf(o, i, index.Field(o.T, i).Type())) == 0 {
			continue
		}
		for n := range out {
			out[n].User = text.Hole(text.Unknown{})
		}
	}
	return out
}

// givenPath reports whether the program stores to the path of a URL: that is one with
// a path, and another encoding of the path that it had counts no more.
func givenPath(o Object) bool {
	i := index.FieldNamed(o.T, "Path")
	_, local := o.Site.(*ssa.Alloc)
	return local && i >= 0 && len(fieldStores(o.Site, append(slices.Clone(o.Path), i))) > 0
}

// copiedURLs is what a URL can be that was copied from several others, not all of
// them made field by field: each with what was stored to fields of the copy. It is
// nil for other URLs.
func (e *evaluation) copiedURLs(o Object) []text.URL {
	site, ok := o.Site.(*ssa.Alloc)
	if !ok {
		return nil
	}
	var out []text.URL
	foreign, made := false, false
	for _, st := range fieldStores(site, o.Path) {
		for _, v := range e.eval(st.Val, e.frameOf(st, o.Frame)) {
			src, ok := v.(Object)
			foreign, made = foreign || !ok, made || ok
			if ok && src.Site == o.Site {
				return nil
			}
			out = append(out, e.urls(v)...)
		}
	}
	if !foreign || !made {
		return nil
	}
	for _, f := range urlFields {
		i := index.FieldNamed(o.T, f.name)
		if i < 0 {
			return nil
		}
		var next []text.URL
		for _, st := range fieldStores(site, append(slices.Clone(o.Path), i)) {
			for _, x := range e.eval(st.Val, e.frameOf(st, o.Frame)) {
				for _, u := range out {
					*f.of(&u) = AsText(x).Text
					next = append(next, u)
				}
			}
		}
		if len(next) > 0 {
			out = few(next)
		}
	}
	return out
}

// urlField is a text field of a URL that is no object of the program.
func (e *evaluation) urlField(v Value, name string) []Value {
	for _, f := range urlFields {
		if f.name != name {
			continue
		}
		var out []Value
		for _, u := range e.urls(v) {
			out = append(out, Text{Text: *f.of(&u)})
		}
		return distinct(out)
	}
	return []Value{Hole{}}
}

// fieldOfText is a field of a URL that was made of a text.
func (e *evaluation) fieldOfText(t Text, x ssa.Value, i int) []Value {
	if f := index.Field(x.Type(), i); f != nil && index.TypeSymbol(x.Type()) == "net/url.URL" {
		return e.urlField(t, f.Name())
	}
	return []Value{Hole{V: x, T: x.Type()}}
}

// modelled reports whether t is a library's type whose fields are followed in
// the order in which they are set.
func modelled(t types.Type) bool {
	n := index.Named(t)
	if n == nil {
		return false
	}
	switch n.Obj().Name() { // asked of every field: the symbol is made for few
	case "URL", "Request", "Cmd":
		switch index.TypeSymbol(t) {
		case "net/url.URL", "net/http.Request", "os/exec.Cmd":
			return true
		}
	}
	return false
}

// fieldOfResult is a field of a library object that a model can see through:
// a URL, a request, a command.
func (e *evaluation) fieldOfResult(r Result, i int) []Value {
	field := index.Field(r.T, i)
	if field == nil {
		return []Value{Hole{}}
	}
	args := r.Call.Call.Args
	switch s, f := program.Symbol(r.Call.Call.StaticCallee()), field.Name(); s {
	case "net/url.Parse", "net/url.ParseRequestURI", "(net/url.URL).JoinPath", "(*net/url.URL).JoinPath",
		"(*net/url.URL).ResolveReference", "(*net/url.URL).Parse":
		return e.urlField(r, f)
	case "net/http.NewRequest", "net/http.NewRequestWithContext":
		n := len(args) - 3
		switch f {
		case "Method":
			return e.eval(args[n], r.Frame)
		case "URL":
			return e.eval(args[n+1], r.Frame)
		}
	case "os/exec.Command", "os/exec.CommandContext":
		n := len(args) - 2
		switch f {
		case "Path":
			return e.eval(args[n], r.Frame)
		case "Args":
			var out []Value
			for _, l := range e.lists(args[n+1], r.Frame) {
				out = append(out, List{append([]Elem{{V: args[n], Frame: r.Frame}}, l.Elems...)})
			}
			return out
		}
	}
	return []Value{Hole{}}
}
