package httproute

import (
	"go/types"
	"net/http"
	"regexp"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/index"
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

// given is what is known of a handler's request when it has this method.
func given(method string, param types.Type) eval.Answer {
	if index.TypeSymbol(param) != "net/http.Request" {
		return eval.Answer{}
	}
	return eval.Answer{Values: []eval.Value{eval.Outside{T: param, Field: "Method", Text: method}}, Complete: true}
}
