package httproute

import "strings"

// Match tells how well a request pattern fits a route pattern: the number of
// equal path segments, from 1, or 0 when it does not fit. In the request * is
// text that is not known; it fits placeholders only, never a literal segment of
// the route, except that a leading * may stand for a base path.
//
// Route patterns may be written as net/http ("/x/{id}", "/x/{rest...}", "/x/"
// for a subtree, "{$}"), gorilla/mux ("{name:.*}") or chi ("/x/*").
func Match(request, route string) int {
	_, route, _ = cutHost(route)
	based := strings.HasPrefix(request, "*")
	req := segments(strings.TrimPrefix(request, "*"))
	pat := segments(route)
	if strings.HasSuffix(route, "/") && len(pat) > 0 {
		pat = append(pat, "{_...}")
	}
	if len(pat) > 0 && pat[len(pat)-1] == "{$}" {
		pat = pat[:len(pat)-1]
	}
	if n := fit(req, pat); n > 0 {
		return 2 * n
	}
	if len(req) == 0 && len(pat) == 0 && request != "*" {
		return 1
	}
	// a version or base path in front, on either side
	best := 0
	for i := 1; i < len(pat); i++ {
		if (based || placeholder(pat[i-1])) && allBase(pat[:i]) {
			best = max(best, 2*fit(req, pat[i:])-1)
		}
	}
	return max(best, 0)
}

// allBase reports whether segments can be an API's version prefix: those that
// contain a placeholder.
func allBase(seg []string) bool {
	for _, s := range seg {
		if !strings.Contains(s, "{") {
			return false
		}
	}
	return true
}

// cutHost removes a host that a net/http pattern may begin with.
func cutHost(route string) (host, path string, ok bool) {
	if i := strings.IndexByte(route, '/'); i > 0 {
		return route[:i], route[i:], true
	}
	return "", route, false
}

// segments splits a path at slashes that are not inside braces.
func segments(p string) []string {
	var out []string
	depth, start := 0, 0
	flush := func(end int) {
		if end > start {
			out = append(out, p[start:end])
		}
	}
	for i := range len(p) {
		switch p[i] {
		case '{':
			depth++
		case '}':
			depth = max(depth-1, 0)
		case '/':
			if depth == 0 {
				flush(i)
				start = i + 1
			}
		}
	}
	flush(len(p))
	return out
}

// fit counts the equal segments of req and pat, 0 when they do not fit. A fit
// of placeholders alone counts as 0: it would say nothing.
func fit(req, pat []string) int {
	n, ok := match(req, pat)
	if !ok {
		return 0
	}
	return n
}

func match(req, pat []string) (equal int, ok bool) {
	for len(pat) > 0 {
		p := pat[0]
		if rest(p) {
			best, found := 0, false
			for i := range len(req) + 1 {
				if n, ok := match(req[i:], pat[1:]); ok && (i > 0 || len(pat) == 1) {
					best, found = max(best, n), true
				}
			}
			return equal + best, found
		}
		if len(req) == 0 {
			return 0, false
		}
		r := req[0]
		switch {
		case r == p:
			equal++
		case placeholder(p) && segmentFits(r, p):
		default:
			return 0, false
		}
		req, pat = req[1:], pat[1:]
	}
	return equal, len(req) == 0
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
