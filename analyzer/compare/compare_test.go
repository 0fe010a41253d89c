package compare

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

// sketch makes a flow of lines "program func file", of which each is a step of the
// route and "=kind detail=>" between two says how one leads to the other; a line
// that begins with + is beside the route, called by the step before it.
func sketch(text string) *flow.Flow {
	f := &flow.Flow{Schema: flow.Schema, Program: "a", Gaps: []flow.Gap{}}
	passage := flow.Edge{Kind: flow.Call}
	last := 0
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case strings.HasPrefix(words[0], "="):
			passage.Kind, passage.Detail = flow.Kind(words[0][1:]), strings.TrimSuffix(strings.Join(words[1:], " "), "=>")
		case words[0] == "does":
			n := &f.Nodes[len(f.Nodes)-1]
			n.Does = append(n.Does, flow.Effect{Line: 1, Verb: words[1], What: words[2]})
		case words[0] == "gap":
			f.Gaps = append(f.Gaps, flow.Gap{After: last, Kind: flow.HTTP, Detail: words[1], Reason: "why", Site: flow.Site{Line: len(f.Nodes)}})
		default:
			beside := words[0] == "+"
			if beside {
				words = words[1:]
			}
			if !slices.ContainsFunc(f.Components, func(c flow.Component) bool { return c.Name == words[0] }) {
				f.Components = append(f.Components, flow.Component{Name: words[0], Package: "x.org/" + words[0]})
			}
			id := len(f.Nodes) + 1
			f.Nodes = append(f.Nodes, flow.Node{ID: id, Component: words[0], Func: words[1], File: words[2], Line: 10 * id})
			if last > 0 {
				passage.From, passage.To, passage.Candidates, passage.Rule = last, id, 1, "static"
				f.Edges = append(f.Edges, passage)
			} else {
				f.Root = id
			}
			if !beside {
				f.Spine = append(f.Spine, id)
				last = id
			}
			passage = flow.Edge{Kind: flow.Call}
		}
	}
	return f
}

func outline(t *testing.T, text string) *Outline {
	t.Helper()
	o, err := Of(sketch(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// told is a diff in a line: what is not the same.
func told(d flow.CommandDiff) string {
	var out []string
	for _, s := range slices.Concat(d.Route, d.Beside) {
		if s.Change != flow.Same {
			out = append(out, fmt.Sprintf("%s %s", s.Change, flow.Short(s.Func))+strings.Join(append([]string{""}, s.Changes...), ": "))
		}
	}
	for _, c := range d.Crossings {
		out = append(out, fmt.Sprintf("%s %s>%s", c.Change, c.Old, c.New))
	}
	for _, g := range d.Gaps {
		out = append(out, fmt.Sprintf("%s gap %s", g.Change, g.Detail))
	}
	if len(out) == 0 {
		return string(d.Change)
	}
	return strings.Join(out, "; ")
}

func TestOutlines(t *testing.T) {
	const old = `
		a x.org/m/cli.Run cli.go
		does writes log
		+ a x.org/m/cli.Log log.go
		a x.org/m/cli.Send cli.go
		=http POST /a=>
		b x.org/m/srv.Handle srv.go
		gap GET
		b x.org/m/srv.Store srv.go
	`
	replaced := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(old) }
	for _, test := range []struct{ name, new, want string }{
		{"the same", old, "same"},
		{"other lines", strings.Replace(old, "\n", "\n\t\n", 3), "same"},
		{"another module and folder of the module", replaced("x.org/m/", "y.org/v2/"), "same"},
		{"another file", replaced("cli.Send cli.go", "cli.Send send.go"), "moved cli.Send"},
		{"another package", replaced("srv.Store srv.go", "disk.Store disk.go"), "moved disk.Store"},
		{"a step more", replaced("b x.org/m/srv.Store", "b x.org/m/srv.Check srv.go\n b x.org/m/srv.Store"), "added srv.Check"},
		{"a step less", replaced("a x.org/m/cli.Send cli.go", ""), "removed cli.Send"}, // who sends it does not change what is sent
		{"another key", replaced("POST /a", "POST /b"), "changed cli.Send: http POST /b instead of http POST /a; changed POST /a>POST /b"},
		{"another effect", replaced("does writes log", "does removes log"), "changed cli.Run: no longer writes log: now removes log"},
		{"beside the route", replaced("cli.Log log.go", "cli.Say log.go"), "removed cli.Log; added cli.Say"},
		{"a gap", replaced("gap GET", "gap PUT"), "removed gap GET; added gap PUT"},
		{"another name is another function", replaced("srv.Store", "srv.Keep"), "removed srv.Store; added srv.Keep"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := told(Outlines(outline(t, old), outline(t, test.new))); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Two functions of one bare name cannot be told apart, and are not taken for each
// other.
func TestMatchOnlyOne(t *testing.T) {
	before := outline(t, "a x.org/m/cli.Run cli.go\n a x.org/m/p.Do p.go\n a x.org/m/q.Do q.go")
	after := outline(t, "a x.org/m/cli.Run cli.go\n a x.org/m/r.Do r.go")
	if got, want := told(Outlines(before, after)), "removed p.Do; removed q.Do; added r.Do"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Of several crossings between two programs nobody knows which became which.
func TestCrossingsOnlyOne(t *testing.T) {
	const two = "a x.org/a.Run a.go\n=exec b %s=>\n + b x.org/b.main b.go\n=exec b %s=>\n b x.org/b.main2 b.go"
	before := outline(t, fmt.Sprintf(two, "pause", "resume"))
	after := outline(t, fmt.Sprintf(two, "start", "stop"))
	want := "changed b pause>b start; changed b resume>b stop"
	if got := told(flow.CommandDiff{Crossings: match(before, after).crossings(), Change: flow.Same}); got != want {
		t.Errorf("between two pairs of functions: got %s, want %s", got, want)
	}
	const one = "a x.org/a.Run a.go\n=exec b %s=>\n + b x.org/b.main b.go\n a x.org/a.Next a.go\n=exec b %s=>\n b x.org/b.%s b.go"
	before = outline(t, fmt.Sprintf(one, "pause", "resume", "old"))
	after = outline(t, strings.Replace(fmt.Sprintf(one, "start", "stop", "new"), "b.main", "b.begin", 1))
	want = "changed b pause>b start; changed b resume>b stop"
	if got := told(flow.CommandDiff{Crossings: match(before, after).crossings(), Change: flow.Same}); got != want {
		t.Errorf("from two functions into a program: got %s, want %s", got, want)
	}
	const same = "a x.org/a.%s a.go\n=exec b %s=>\n + b x.org/b.main b.go\n a x.org/a.%s a.go\n=exec b %s=>\n + b x.org/b.main b.go"
	before = outline(t, fmt.Sprintf(same, "P", "pause", "Q", "resume"))
	after = outline(t, fmt.Sprintf(same, "R", "start", "S", "stop"))
	want = "removed b pause>; removed b resume>; added >b start; added >b stop"
	if got := told(flow.CommandDiff{Crossings: match(before, after).crossings(), Change: flow.Same}); got != want {
		t.Errorf("from other functions: got %s, want %s", got, want)
	}
}
