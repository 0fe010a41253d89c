package httproute

import (
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
)

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"/a/*/b", "/{x:.*}/", "{", "}{", "/{a...}", "/v{n:[0-9]+}/x", "*", "//", "/{$}", "host/x"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, request, route string) {
		n := Match(request, route)
		if n.Fits() != (n.Compare(boundary.Fit{}) > 0) {
			t.Fatalf("Match(%q, %q) is %+v, no better than no fit", request, route, n)
		}
		if m := Match(request, route); m != n {
			t.Fatalf("Match(%q, %q) is %+v and then %+v", request, route, n, m)
		}
	})
}
