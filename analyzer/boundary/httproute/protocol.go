package httproute

import (
	"go/types"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/text"
)

// protocol is requests by method and path.
var protocol = boundary.Protocol{
	Kind: flow.HTTP,
	Server: golist.Server{
		Libraries: []string{"net/http", "net/http/fcgi", "net/http/httptest", "golang.org/x/net/http2"},
		Names:     regexp.MustCompile(`\b(Serve|ServeConn|ServeTLS|ListenAndServe|ListenAndServeTLS|Server|NewServer|NewTLSServer|NewUnstartedServer)\b`),
		Listens:   true,
	},
	Fit: fits,
	Served: func(asked, served boundary.Key) string {
		if served.Name == "" {
			return asked.Name + " " + served.Path
		}
		return served.Name + " " + served.Path
	},
	Reads:   func(asked boundary.Key) bool { return asked.Name == http.MethodGet || asked.Name == http.MethodHead },
	Methods: methods,
	Given:   given,
	Shared:  true,
}

// fits tells how well a route answers a request: by the path, the host and the
// method.
func fits(asked, served boundary.Key) boundary.Fit {
	fit := Match(asked.Path, served.Path)
	if !fit.Fits() || !sameAddress(asked.Address, served.Address) {
		return boundary.Fit{}
	}
	if host := hostOf(served.Path); host != "" {
		switch {
		case asked.Address == "":
			fit.Doubt++
		case names(asked.Address, host):
			fit.Host = true
		default:
			return boundary.Fit{}
		}
	}
	if asked.Address != "" && served.Address != "" {
		fit.Equal++
	}
	switch {
	case served.Name == asked.Name || asked.Name == "*":
	case served.Name == "":
		fit.Doubt++
	case served.Name == http.MethodGet && asked.Name == http.MethodHead:
		fit.Doubt += 2
	default:
		return boundary.Fit{}
	}
	return fit
}

// methods is the methods of the requests that a route can be asked with.
func methods(served boundary.Key) []string {
	if served.Name != "" {
		return []string{served.Name}
	}
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}
}

// given is what is known of a handler's request.
func given(seen boundary.Seen, param types.Type) eval.Answer {
	var method, path eval.Value
	if seen.Method != "" {
		method = eval.Lit(seen.Method)
	}
	if seen.Path != "" {
		path = eval.Text{Text: pathOf(seen.Path)}
	}
	named, _ := url.ParseQuery(seen.Named.Parts)
	parts := map[string]eval.Value{}
	for name := range named {
		parts[name] = eval.Lit(named.Get(name))
	}
	return requestOf(param, received{method: method, path: path, parts: parts, by: strings.Fields(seen.Named.By)})
}

// received is what is known of a request that arrives, nil for what is not.
type received struct {
	method, path eval.Value
	parts        map[string]eval.Value // of the path, by the names that the pattern has for them …
	by           []string              // … and the types from which they are read
}

// requestOf is a request where a parameter takes one, or what a library makes of one
// to read the parts of its path from.
func requestOf(param types.Type, r received) eval.Answer {
	method, path := r.method, r.path
	symbol := index.TypeSymbol(param)
	if symbol != "net/http.Request" {
		if len(r.parts) == 0 || !slices.Contains(r.by, symbol) {
			return eval.Answer{}
		}
		return eval.Answer{Values: []eval.Value{eval.Outside{T: param, Named: r.parts}}, Complete: true}
	}
	fields := map[string]eval.Value{}
	if method != nil {
		fields["Method"] = method
	}
	if i := index.FieldNamed(param, "URL"); path != nil && i >= 0 {
		fields["URL"] = eval.Outside{T: index.Field(param, i).Type(), Fields: map[string]eval.Value{"Path": path}}
	}
	if len(fields) == 0 && len(r.parts) == 0 {
		return eval.Answer{}
	}
	request := eval.Outside{T: param, Fields: fields}
	if len(r.parts) > 0 {
		request.Named = r.parts
	}
	return eval.Answer{Values: []eval.Value{request}, Complete: true}
}

// pathOf is the path of the requests that a pattern takes.
func pathOf(pattern string) text.Text {
	_, pattern = cutHost(pattern)
	out := text.Lit("")
	segs := segments(pattern)
	for i, seg := range segs {
		out = text.Concat(out, text.Lit("/"))
		switch {
		case seg == "{$}":
		case seg == "" && i == len(segs)-1 && len(segs) > 0, rest(seg):
			out = text.Concat(out, text.Hole(text.Rest{}))
		case placeholder(seg):
			before, after, _ := strings.Cut(seg, "{")
			after = afterLast(after, "}")
			if before == "*" {
				before, after = "", ""
			}
			out = text.Concat(out, text.Lit(before), text.Hole(text.Segment{}), text.Lit(after))
		default:
			out = text.Concat(out, text.Lit(seg))
		}
	}
	return out
}
