package walk

import (
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
)

// TestDecides asks what a command line says of one condition, or of several of which
// one must hold.
func TestDecides(t *testing.T) {
	all := summary.Asks{Flag: summary.Flag{Name: "all", Short: "a", Switch: true, Default: "false", Known: true}, Value: "true"}
	file := summary.Asks{Flag: summary.Flag{Name: "file"}, Value: "x"}
	not := all
	not.Not = true
	given := summary.Asks{Flag: all.Flag, Given: true}
	exe := &summary.Executable{Flags: []summary.Flag{all.Flag, file.Flag}}
	typed := func(words ...flow.Flag) line { return Line{Given: words, Typed: true}.line() }
	started := func(argv ...boundary.Arg) line { return lineOf(exe, argv) }
	arg := func(text string) boundary.Arg { return boundary.Arg{Text: text} }
	for _, test := range []struct {
		name         string
		line         line
		any          []summary.Asks
		holds, known bool
	}{
		{"the default", typed(), []summary.Asks{all}, false, true},
		{"not the default", typed(), []summary.Asks{not}, true, true},
		{"typed", typed(flow.Flag{Name: "all", Value: "true"}), []summary.Asks{all}, true, true},
		{"asked whether it was", typed(flow.Flag{Name: "all", Value: "false"}), []summary.Asks{given}, true, true},
		{"it was not", typed(), []summary.Asks{given}, false, true},
		{"a default that is not known", typed(), []summary.Asks{file}, false, false},
		{"one of two holds", typed(flow.Flag{Name: "all", Value: "true"}), []summary.Asks{file, all}, true, true},
		{"one of two is not known", typed(), []summary.Asks{all, file}, false, false},
		{"nothing is known of the line", line{}, []summary.Asks{all}, false, false},
		{"started with it", started(arg("kill"), arg("-a"), arg("box")), []summary.Asks{all}, true, true},
		{"started without", started(arg("kill"), arg("box")), []summary.Asks{all}, false, true},
		{"perhaps with it", started(boundary.Arg{Text: "--all", Optional: true}), []summary.Asks{all}, false, false},
		{"with a value that is not known", started(arg("--file"), arg("*")), []summary.Asks{file}, false, false},
		{"with a value", started(arg("--file"), arg("x")), []summary.Asks{file}, true, true},
		{"with any arguments", started(arg("kill"), boundary.Arg{Rest: true}), []summary.Asks{all}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			holds, known := test.line.decides(&summary.Condition{Any: test.any})
			if holds != test.holds || known != test.known {
				t.Errorf("holds %v, known %v; want %v, %v", holds, known, test.holds, test.known)
			}
		})
	}
}
