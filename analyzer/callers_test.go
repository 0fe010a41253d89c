package analyzer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/scenario"
	"github.com/callroute/callroute/analyzer/narrow"
)

// unpacked opens the system of a scenario.
func unpacked(t *testing.T, name string) *analyzer.Analyzer {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../testdata/scenarios", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse(name+".txtar", data)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := s.Unpack(dir, "../testdata"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOFLAGS", goflags(s))
	t.Setenv("GOPROXY", "off")
	return open(t, s, dir)
}

func named(t *testing.T, text string) *narrow.Pattern {
	t.Helper()
	p, err := narrow.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// called is what a caller is called, with the functions and crossings of its way
// if it is asked for.
func called(c flow.Caller) string {
	name := strings.Join(append([]string{c.Program}, c.Words...), " ")
	if c.Kind == "" {
		name += " starts"
	}
	if c.Idle {
		name = "idle " + short(c.Way[0])
	}
	return name
}

func short(s flow.Step) string {
	return s.Program + ":" + s.Func[strings.LastIndexByte(s.Func, '/')+1:]
}

func TestCallers(t *testing.T) {
	for _, test := range []struct {
		scenario, name string
		want           string // what reaches it, in order
		way            string // of the first
	}{
		{
			// What is known of why a program runs decides: each way of starting
			// oneself ends at another function.
			scenario: "exec-of-oneself", name: "main.runTunnel", want: "mole dig; mole run-tunnel",
			way: "mole:mole.main mole:mole.newDig mole:mole.newDig.func1 mole:mole.spawn ═exec═▶ mole:mole.main mole:mole.runTunnel",
		},
		{scenario: "exec-of-oneself", name: "main.eat", want: "mole feed"},
		{scenario: "exec-of-oneself", name: "main.sleep", want: "mole rest"},
		{
			scenario: "relay-five-processes", name: "relayd gateway.(*Gateway).postRecall",
			want: "relay recall; relayd POST /letters/{name}/recall; relayd POST /v1/letters/{name}/recall",
		},
		{scenario: "relay-five-processes", name: "relayd gateway.New", want: "relayd"},
		{scenario: "relay-five-processes", name: "POST /letters/{name}/recall", want: "relay recall; relayd POST /letters/{name}/recall; relayd POST /v1/letters/{name}/recall"},
	} {
		t.Run(test.scenario+" "+test.name, func(t *testing.T) {
			c, err := unpacked(t, test.scenario).Callers(t.Context(), named(t, test.name))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, caller := range c.Callers {
				got = append(got, called(caller))
			}
			if joined := strings.Join(got, "; "); joined != test.want {
				t.Errorf("got %s, want %s", joined, test.want)
			}
			if test.way != "" && len(c.Callers) > 0 && wayOf(c.Callers[0].Way) != test.way {
				t.Errorf("got the way %s, want %s", wayOf(c.Callers[0].Way), test.way)
			}
		})
	}
}

func wayOf(way []flow.Step) string {
	var out []string
	for _, s := range way {
		out = append(out, short(s))
		if s.Next != nil && s.Next.Kind.Process() {
			out = append(out, fmt.Sprintf("═%s═▶", s.Next.Kind))
		}
	}
	return strings.Join(out, " ")
}

// TestCallersAgreeWithTraces asks backward for every function of small systems. A
// way that is told is one of the trace of its command; and what a trace tells on
// its route is found from behind.
func TestCallersAgreeWithTraces(t *testing.T) {
	if testing.Short() {
		t.Skip("asks for every function")
	}
	for _, name := range []string{
		"relay-five-processes", "exec-of-oneself", "callbacks-in-context", "channel-task-type-switch", "commands-with-hooks",
		"http-middleware-of-routers", "work-by-topic", "options-decide", "ttrpc-protocol-bridge", "verbs-in-paths",
	} {
		t.Run(name, func(t *testing.T) {
			a := unpacked(t, name)
			commands, err := a.Commands(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			traces := map[string]*flow.Flow{}
			functions := map[string]bool{}
			for _, c := range commands {
				f, err := a.Trace(t.Context(), analyzer.Query{Program: c.Program, Command: c.Words})
				if err != nil {
					t.Fatal(err)
				}
				traces[strings.Join(append([]string{c.Program}, c.Words...), " ")] = f
				for _, n := range f.Nodes {
					functions[n.Component+" "+n.Func] = true
				}
			}
			told := 0
			for fn := range functions {
				c, err := a.Callers(t.Context(), named(t, fn))
				if err != nil {
					t.Fatalf("%s: %v", fn, err)
				}
				told += len(c.Callers)
				holdWays(t, fn, c, traces)
				holdRoutes(t, fn, c, traces)
			}
			if told == 0 {
				t.Error("nothing was told")
			}
		})
	}
}

// holdWays holds each way against the trace of its command.
func holdWays(t *testing.T, fn string, c *flow.Callers, traces map[string]*flow.Flow) {
	t.Helper()
	for _, caller := range c.Callers {
		if caller.Kind == "" || caller.Idle {
			continue
		}
		f := traces[strings.Join(append([]string{caller.Program}, caller.Words...), " ")]
		if f == nil {
			t.Errorf("%s is reached from %s %q, which cannot be traced", fn, caller.Program, caller.Words)
			continue
		}
		ids := map[string]int{}
		for _, n := range f.Nodes {
			ids[n.Component+" "+n.Func] = n.ID
		}
		for i, s := range caller.Way {
			at := ids[s.Program+" "+s.Func]
			if at == 0 {
				t.Errorf("the way to %s from %s %q passes %s %s, the trace does not", fn, caller.Program, caller.Words, s.Program, s.Func)
				continue
			}
			if s.Next == nil {
				continue
			}
			next := caller.Way[i+1]
			to := ids[next.Program+" "+next.Func]
			if !slices.ContainsFunc(f.Edges, func(e flow.Edge) bool {
				return e.From == at && e.Kind == s.Next.Kind && e.Site == s.Next.Site && (e.To == to || s.Next.Kind.Process())
			}) {
				t.Errorf("the way to %s from %s %q goes from %s to %s by %+v, the trace does not", fn, caller.Program, caller.Words, s.Func, next.Func, *s.Next)
			}
		}
	}
}

// holdRoutes checks that what a trace tells as the route of a command is found from
// each of its functions. What leads to the command is built at the start of its program.
func holdRoutes(t *testing.T, fn string, c *flow.Callers, traces map[string]*flow.Flow) {
	t.Helper()
	for command, f := range traces {
		r, err := flow.NewRoute(f)
		if err != nil {
			t.Fatal(err)
		}
		begin := len(f.Spine) // behind the last registration in the first program
		for i := range f.Spine {
			e := r.Onward(i)
			if e.Kind.Process() {
				break
			}
			if e.Kind == flow.Registration {
				begin = i + 1
			}
		}
		for _, id := range f.Spine[begin:] {
			n := r.Node[id]
			if n.Component+" "+n.Func == fn && !slices.ContainsFunc(c.Callers, func(c flow.Caller) bool { return called(c) == command }) {
				t.Errorf("the route of %s goes through %s, and is not among its callers", command, fn)
			}
		}
	}
}
