package server

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// names knows the routes whose first placeholder is a name, to find them also
// when the name has slashes in it, as an image's often has: a request for
// /images/library/busybox/json is for the image "library/busybox".
type names []nameRoute

type nameRoute struct {
	method         string
	prefix, suffix string // of the path, around the name
}

// add notes a route.
func (n *names) add(r route) {
	prefix, rest, ok := strings.Cut(r.path, "{name}")
	if ok && !strings.Contains(rest, "{") {
		*n = append(*n, nameRoute{method: r.method, prefix: prefix, suffix: rest})
	}
}

// fold returns the request with its name as one escaped segment of the path.
// The longest suffix that fits decides: what is left is the name.
func (n names) fold(r *http.Request) (*http.Request, bool) {
	version, at := cutVersion(r.URL.Path)
	name, best := "", nameRoute{}
	for _, route := range n {
		rest, ok := strings.CutPrefix(at, route.prefix)
		if !ok || route.method != r.Method || len(route.suffix) < len(best.suffix) {
			continue
		}
		if rest, ok = strings.CutSuffix(rest, route.suffix); ok && rest != "" {
			name, best = rest, route
		}
	}
	if name == "" {
		return nil, false
	}
	folded := *r
	u := *r.URL
	u.RawPath = version + best.prefix + escapeSegment(name) + best.suffix
	folded.URL = &u
	return &folded, true
}

// escapeSegment is url.PathEscape that also leaves no "." or ".." behind,
// which the mux would take for a step in the tree.
func escapeSegment(name string) string {
	if name == "." || name == ".." {
		return strings.ReplaceAll(name, ".", "%2E")
	}
	return url.PathEscape(name)
}

// clean reports whether the mux takes a path as it is.
func clean(p string) bool { return p == path.Clean(p) }

// cutVersion splits a path before its second slash if it begins with an API
// version: "/v1.41" and "/info". The version is empty if there is none.
func cutVersion(p string) (version, rest string) {
	after, ok := strings.CutPrefix(p, "/v")
	if !ok {
		return "", p
	}
	number, _, ok := strings.Cut(after, "/")
	if !ok || number == "" || strings.Trim(number, "0123456789.") != "" {
		return "", p
	}
	return p[:len("/v")+len(number)], p[len("/v")+len(number):]
}
