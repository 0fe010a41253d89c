package httproute

import (
	"strings"

	"github.com/callroute/callroute/analyzer/boundary"
)

// How much a segment of a route says that is no equal text.
const (
	affixed  = 6 // a placeholder with literal text around it that is there
	single   = 4 // a placeholder for one segment
	exact    = 2 // the route ends where the request does
	anything = 1 // the rest of a path, whatever it is
)

// Match tells how well a request pattern fits a route pattern. Of two routes
// that fit, the more specific one fits better, as in net/http:
// literal text over a placeholder, one segment over many, an end over a
// subtree. In the request * is text that is not known; it fits placeholders
// only, never a literal segment of the route, except that a leading * may stand
// for a base path; it has to end at a slash, for in "*images" nobody knows where
// the base ends.
//
// Route patterns may be written as net/http ("/x/{id}", "/x/{rest...}", "/x/"
// for a subtree, "{$}"), gorilla/mux ("{name:.*}") or chi ("/x/*"). A host in
// front of the route is not looked at.
func Match(request, route string) boundary.Fit {
	_, route = cutHost(route)
	based := strings.HasPrefix(request, "*")
	req := segments(strings.TrimPrefix(request, "*"))
	pat := segments(route)
	if len(req) == 0 || len(pat) == 0 || based && !strings.HasPrefix(request, "*/") {
		return boundary.Fit{}
	}
	switch last := len(pat) - 1; pat[last] {
	case "":
		pat[last] = "{_...}"
	case "{$}":
		pat[last] = ""
	}
	got := fit(req, pat)
	switch {
	case got.Fits() && !got.Weak():
		return got
	case got.Fits() && !based && !strings.Contains(req[0], "*"):
		return got
	}
	// a version or base path in front, on either side
	var best boundary.Fit
	for i := 1; i < len(pat) && version(pat[i-1], based); i++ {
		if got := fit(req, pat[i:]); got.Fits() && !got.Weak() {
			got.Shape--
			best = better(best, got)
		}
	}
	return best
}

// version reports whether a route segment may be missing in a request: an API
// version that clients leave out, or any placeholder when the base of the
// request is not known.
func version(seg string, based bool) bool {
	return placeholder(seg) && !rest(seg) && (based || !strings.HasPrefix(seg, "{"))
}

// hostOf is the host that a net/http route pattern begins with, empty for none.
func hostOf(route string) string {
	host, _ := cutHost(route)
	return host
}

func cutHost(route string) (host, path string) {
	if i := strings.IndexByte(route, '/'); i > 0 {
		return route[:i], route[i:]
	}
	return "", route
}

// segments splits a path at slashes that are not inside braces. The last
// segment is empty when the path ends in a slash.
func segments(p string) []string {
	p, ok := strings.CutPrefix(p, "/")
	if !ok && p == "" {
		return nil
	}
	var out []string
	depth, start := 0, 0
	for i := range len(p) {
		switch p[i] {
		case '{':
			depth++
		case '}':
			depth = max(depth-1, 0)
		case '/':
			if depth == 0 {
				if i > start {
					out = append(out, p[start:i])
				}
				start = i + 1
			}
		}
	}
	return append(out, p[start:])
}

func better(a, b boundary.Fit) boundary.Fit {
	if b.Compare(a) > 0 {
		return b
	}
	return a
}

// fit tells how well the segments of a request fit those of a route.
func fit(req, pat []string) boundary.Fit {
	if len(pat) == 0 {
		if len(req) > 0 {
			return boundary.Fit{}
		}
		return boundary.Fit{Shape: exact}
	}
	p := pat[0]
	if rest(p) {
		if len(pat) == 1 {
			if len(req) == 0 && p != "{_...}" {
				return boundary.Fit{} // net/http redirects /x to the subtree /x/
			}
			return boundary.Fit{Shape: anything}
		}
		var best boundary.Fit
		for i := 1; i <= len(req); i++ {
			best = better(best, fit(req[i:], pat[1:]))
		}
		return best
	}
	if len(req) == 0 {
		return boundary.Fit{}
	}
	r := req[0]
	var here boundary.Fit
	switch {
	case r == p:
		if here.Equal = 1; r == "" {
			here = boundary.Fit{Shape: exact} // both end in a slash
		}
	case r != "" && placeholder(p) && segmentFits(r, p):
		here.Shape = single
		if !strings.HasPrefix(p, "{") || !strings.HasSuffix(p, "}") {
			here.Shape = affixed
		}
	default:
		return boundary.Fit{}
	}
	after := fit(req[1:], pat[1:])
	if !after.Fits() {
		return boundary.Fit{}
	}
	return boundary.Fit{Equal: here.Equal + after.Equal, Shape: here.Shape + after.Shape}
}

// placeholder reports whether a route segment stands for something else.
func placeholder(p string) bool { return strings.Contains(p, "{") || p == "*" }

// rest reports whether a route segment stands for any number of segments.
func rest(p string) bool {
	if p == "*" || strings.HasPrefix(p, "{") && strings.HasSuffix(p, "...}") {
		return true
	}
	name, pattern, ok := strings.Cut(strings.TrimSuffix(p, "}"), ":")
	return ok && strings.HasPrefix(name, "{") && strings.Contains(pattern, ".") && strings.ContainsAny(pattern, "*+")
}

// segmentFits compares one request segment with a placeholder that may have
// literal text around it: "v{version:[0-9.]+}".
func segmentFits(r, p string) bool {
	pre, after, _ := strings.Cut(p, "{")
	post := afterLast(after, "}")
	return strings.HasPrefix(r, pre) && strings.HasSuffix(r, post) && len(r) >= len(pre)+len(post)
}

// afterLast is what stands behind the last sep, nothing where there is none.
func afterLast(s, sep string) string {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[i+len(sep):]
	}
	return ""
}
