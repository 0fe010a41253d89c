package httproute

import "strings"

// Weak is the best score of a fit in which no piece of text is equal: a route
// for everything ("/"), or one of placeholders alone. It holds for any request
// that reaches the server and tells nothing about whether it does.
const Weak = Literal / 2

// Literal is the score of one equal segment: more than all that a route can
// score without one.
const Literal = 1 << 10

const (
	affixed = 6 // a placeholder with literal text around it that is there
	single  = 4 // a placeholder for one segment
	exact   = 2 // the route ends where the request does
)

// Match tells how well a request pattern fits a route pattern: 0 when it does
// not fit, at most Weak when only placeholders do, more for each equal segment.
// Of two routes that fit, the more specific one scores higher, as in net/http:
// literal text over a placeholder, one segment over many, an end over a
// subtree. In the request * is text that is not known; it fits placeholders
// only, never a literal segment of the route, except that a leading * may stand
// for a base path; it has to end at a slash, for in "*images" nobody knows where
// the base ends.
//
// Route patterns may be written as net/http ("/x/{id}", "/x/{rest...}", "/x/"
// for a subtree, "{$}"), gorilla/mux ("{name:.*}") or chi ("/x/*"). A host in
// front of the route is not looked at; see Host.
func Match(request, route string) int {
	_, route = cutHost(route)
	based := strings.HasPrefix(request, "*")
	req := segments(strings.TrimPrefix(request, "*"))
	pat := segments(route)
	if len(req) == 0 || len(pat) == 0 || based && !strings.HasPrefix(request, "*/") {
		return 0
	}
	switch last := len(pat) - 1; pat[last] {
	case "":
		pat[last] = "{_...}"
	case "{$}":
		pat[last] = ""
	}
	equal, score := fit(req, pat)
	switch {
	case equal:
		return score
	case score > 0 && !based && !strings.Contains(req[0], "*"):
		return min(score, Weak)
	}
	// a version or base path in front, on either side
	best := 0
	for i := 1; i < len(pat) && version(pat[i-1], based); i++ {
		if equal, score := fit(req, pat[i:]); equal {
			best = max(best, score-1)
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

// Host is the host that a net/http route pattern begins with, empty for none.
func Host(route string) string {
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

// fit scores req against pat, 0 when they do not fit, and tells whether some
// text of them is equal.
func fit(req, pat []string) (equal bool, score int) {
	if len(pat) == 0 {
		if len(req) > 0 {
			return false, 0
		}
		return false, exact
	}
	p := pat[0]
	if rest(p) {
		if len(pat) == 1 {
			if len(req) == 0 && p != "{_...}" {
				return false, 0 // net/http redirects /x to the subtree /x/
			}
			return false, 1
		}
		for i := 1; i <= len(req); i++ {
			if eq, n := fit(req[i:], pat[1:]); n > score {
				equal, score = eq, n
			}
		}
		return equal, score
	}
	if len(req) == 0 {
		return false, 0
	}
	r := req[0]
	var n int
	switch {
	case r == p:
		n = Literal
		equal = r != ""
		if r == "" {
			n = exact
		}
	case r != "" && placeholder(p) && segmentFits(r, p):
		n = single
		if !strings.HasPrefix(p, "{") || !strings.HasSuffix(p, "}") {
			n = affixed
		}
	default:
		return false, 0
	}
	eq, after := fit(req[1:], pat[1:])
	if after == 0 {
		return false, 0
	}
	return equal || eq, n + after
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
	_, post := cutLast(after, "}")
	return strings.HasPrefix(r, pre) && strings.HasSuffix(r, post) && len(r) >= len(pre)+len(post)
}

func cutLast(s, sep string) (before, after string) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):]
	}
	return s, ""
}
