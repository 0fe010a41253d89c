package eval

import (
	"regexp"
	"testing"

	"github.com/callroute/callroute/analyzer/text"
)

// TestMatch holds what is told of a text that is known in part against expressions
// as routers have them.
func TestMatch(t *testing.T) {
	name := text.Hole(text.Segment{})
	for _, test := range []struct {
		pattern    string
		text       text.Text
		yes, known bool
	}{
		{"^/pods$", text.Lit("/pods"), true, true},
		{"^/pods$", text.Lit("/pods/a"), false, true},
		{"^/pods/([^/]+)$", text.Concat(text.Lit("/pods/"), name), true, true},
		{"^/pods/([^/]+)/stop$", text.Concat(text.Lit("/pods/"), name), false, true},
		{"^/pods/([^/]+)$", text.Concat(text.Lit("/pods/"), name, text.Lit("/stop")), false, true},
		{"^/pods/([0-9]+)$", text.Concat(text.Lit("/pods/"), name), false, false}, // a name may be a number
		{"^/pods/(start|stop)$", text.Concat(text.Lit("/pods/"), name), false, false},
		{"^/pods/([^/]+)/(start|stop)$", text.Concat(text.Lit("/ships/"), name, text.Lit("/stop")), false, true},
		{"pods", text.Concat(text.Lit("/"), name), false, false}, // anywhere
		{"^/pods/(.+)$", text.Concat(text.Lit("/pods/"), name, text.Lit("/stop")), true, true},
	} {
		yes, known := match(regexp.MustCompile(test.pattern), test.text, nil)
		if yes != test.yes || known != test.known {
			t.Errorf("%s matches %s: %t, known %t; want %t, known %t", test.pattern, test.text.Pattern(), yes, known, test.yes, test.known)
		}
	}
}
