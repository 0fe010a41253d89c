package httproute

import (
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
)

// Every request goes to the first of the routes; the others fit less well or
// not at all.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		request string
		routes  []string
	}{
		{"/rooms/new", []string{"/rooms/new", "/rooms/{name}", "/rooms/", "/"}},
		{"/rooms/*", []string{"/rooms/{name}", "/rooms/", "/", "/rooms/new"}},
		{"/rooms/", []string{"/rooms/{$}", "/rooms/", "/", "/rooms/{name}", "/rooms/new"}},
		{"/rooms", []string{"/rooms", "/"}},
		{"/rooms", []string{"/rooms/", "/"}},
		{"/rooms/east/scans/*/front.png", []string{"/rooms/{name}/scans/{file...}", "/rooms/", "/"}},
		{"/opening-hours", []string{"/{page}", "/"}},
		{"/", []string{"/{$}", "/"}},
		{"/networks", []string{"/networks", "/networks/{id:.+}"}},
		{"/networks/*", []string{"/networks/{id:.+}", "/networks/{$}", "/networks"}},
		{"/images/*/json", []string{"/images/{name:.*}/json", "/images/{name:.*}", "/images/json"}},
		{"*/images/*/json", []string{"/v{version:[0-9.]+}/images/{name:.*}/json"}},
		{"/images/json", []string{"/images/json", "/v{version:[0-9.]+}/images/json", "/images/{name:.*}"}},
		{"/v3/hives/*/feed", []string{"/v{version:[0-9]+}/hives/{id}/feed"}},
		{"/files/a/b", []string{"/files/*", "/*"}},
	} {
		var last boundary.Fit
		for i, route := range c.routes {
			n := Match(c.request, route)
			switch {
			case i == 0:
				last = n
				if !n.Fits() {
					t.Errorf("%s does not fit %s", c.request, route)
				}
			case n.Compare(last) >= 0:
				t.Errorf("%s: %s fits %+v, %s before it %+v", c.request, route, n, c.routes[i-1], last)
			default:
				last = better(n, boundary.Fit{Shape: anything})
			}
		}
	}
	for request, route := range map[string]string{
		"*":                 "/",
		"*images/*/json":    "/images/{name:.*}/json",
		"*/resize":          "/",
		"/*":                "/{name}",
		"/jobs":             "/{tenant}/jobs",
		"/tenants/1/jobs":   "/jobs",
		"/rooms/east/north": "/rooms/{name}",
		"/networks":         "/networks/{id:.*}",
	} {
		if n := Match(request, route); n.Fits() {
			t.Errorf("%s fits %s: %+v", request, route, n)
		}
	}
}
