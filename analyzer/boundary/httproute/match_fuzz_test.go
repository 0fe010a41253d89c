package httproute

import "testing"

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"/a/*/b", "/{x:.*}/", "{", "}{", "/{a...}", "/v{n:[0-9]+}/x", "*", "//", "/{$}", "host/x"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, request, route string) {
		n := Match(request, route)
		if n < 0 {
			t.Fatalf("Match(%q, %q) = %d", request, route, n)
		}
		if m := Match(request, route); m != n {
			t.Fatalf("Match(%q, %q) is %d and then %d", request, route, n, m)
		}
	})
}
