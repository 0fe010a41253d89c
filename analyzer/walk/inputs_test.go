package walk

import (
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/summary"
)

// TestDecides asks what a command line says of one condition, or of several of which
// one must hold.
func TestDecides(t *testing.T) {
	yes := []eval.Case{{Value: "false"}, {Value: "true", Yes: true}}
	flag := summary.Flag{Name: "all", Short: "a", Switch: true, Default: "false", Known: true}
	all := summary.Asks{Input: "--all", Flag: flag, Zero: "false", Cases: yes}
	file := summary.Asks{Input: "--file", Flag: summary.Flag{Name: "file"}, Cases: []eval.Case{{Value: ""}, {Value: "x", Yes: true}, {Other: true}}}
	not := all
	not.Not = true
	given := summary.Asks{Input: "all given", Flag: flag, Zero: "false", Cases: yes}
	size := summary.Asks{Input: "?size", Cases: []eval.Case{{Value: ""}, {Value: "0"}, {Other: true, Yes: true}}}
	exe := &summary.Executable{Flags: []summary.Flag{all.Flag, file.Flag}}
	typed := func(words ...flow.Flag) line { return Line{Given: words, Typed: true}.line() }
	started := func(argv ...boundary.Arg) line { return lineOf(exe, argv) }
	arg := func(text string) boundary.Arg { return boundary.Arg{Text: text} }
	for _, test := range []struct {
		name string
		line line
		any  []summary.Asks
		want answer
	}{
		{"the default", typed(), []summary.Asks{all}, fails},
		{"not the default", typed(), []summary.Asks{not}, holds},
		{"typed", typed(flow.Flag{Name: "all", Value: "true"}), []summary.Asks{all}, holds},
		{"asked whether it was", typed(flow.Flag{Name: "all", Value: "false"}), []summary.Asks{given}, holds},
		{"it was not", typed(), []summary.Asks{given}, fails},
		{"a default that is not known", typed(), []summary.Asks{file}, open},
		{"one of two holds", typed(flow.Flag{Name: "all", Value: "true"}), []summary.Asks{file, all}, holds},
		{"one of two is not known", typed(), []summary.Asks{all, file}, open},
		{"nothing is known of the line", line{}, []summary.Asks{all}, open},
		{"started with it", started(arg("kill"), arg("-a"), arg("box")), []summary.Asks{all}, holds},
		{"started without", started(arg("kill"), arg("box")), []summary.Asks{all}, fails},
		{"perhaps with it", started(boundary.Arg{Text: "--all", Optional: true}), []summary.Asks{all}, open},
		{"with a value that is not known", started(arg("--file"), arg("*")), []summary.Asks{file}, open},
		{"with a value", started(arg("--file"), arg("x")), []summary.Asks{file}, holds},
		{"with any arguments", started(arg("kill"), boundary.Arg{Rest: true}), []summary.Asks{all}, open},
		{"a request gives it", line{given: "?size=7"}, []summary.Asks{size}, holds},
		{"a request gives another", line{given: "?force=1\x00?*"}, []summary.Asks{size}, fails},
		{"a request may give more", line{given: "?force=1"}, []summary.Asks{size}, open},
		{"a request gives what is not known", line{given: "?size\x00?*"}, []summary.Asks{size}, likely},
		{"which likely rules out what asks for none", line{given: "?size\x00?*"}, []summary.Asks{{Input: "?size", Not: true, Cases: size.Cases}}, fails},
		{"a field is there always", line{given: "Start.id\x00Start.*"}, []summary.Asks{{Input: "Start.id", Not: true, Cases: size.Cases}}, open},
		{"a request says nothing of flags", line{given: "?size=7\x00?*"}, []summary.Asks{all}, open},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.line.decides(&summary.Condition{Any: test.any}); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

// TestGives asks what a request gives of what the program asks for which it enters.
func TestGives(t *testing.T) {
	flag := summary.Flag{Name: "force", Switch: true, Default: "false", Known: true}
	force := summary.Sent{Input: "?force", From: "--force", Flag: flag, Zero: "false", Cases: []eval.SentCase{
		{Case: eval.Case{Value: "false"}}, {Case: eval.Case{Value: "true", Yes: true}, Sends: "1"},
	}}
	source := summary.Sent{Input: "?from", Cases: []eval.SentCase{{Case: eval.Case{Other: true, Yes: true}, Sends: "-"}}}
	same := summary.Sent{Input: "Start.id", From: "Ask.id", Cases: []eval.SentCase{{Case: eval.Case{Yes: true}}, {Case: eval.Case{Other: true, Yes: true}, Same: true}}}
	unknown := summary.Sent{Input: "?tag"}
	all := []summary.Sent{force, source, same, unknown, {Input: "?*"}, {Input: "Start.*"}}
	asked := []string{"?force", "?from", "?tag", "Start.id"}
	for _, test := range []struct {
		line  line
		asked []string
		want  string
	}{
		{line{flags: "force=true", known: true}, asked, "?force=1 ?from=- ?tag Start.id ?* Start.*"},
		{line{known: true}, asked, "?from=- ?tag Start.id ?* Start.*"},
		{line{}, asked, "?force ?from=- ?tag Start.id ?* Start.*"},
		{line{given: "Ask.id=9"}, []string{"Start.id"}, "Start.id=9 Start.*"},
		{line{given: "Ask.*"}, []string{"Start.id"}, "Start.id= Start.*"},
		{line{}, []string{"Other.id"}, ""},
	} {
		if got := strings.ReplaceAll(test.line.gives(all, test.asked), "\x00", " "); got != test.want {
			t.Errorf("%+v: %q, want %q", test.line, got, test.want)
		}
	}
}
