package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

// freezing is a step with two calls of interface methods, each with two true
// answers: the route takes one of the first call.
func freezing() *flow.Flow {
	node := func(id int, name string) flow.Node {
		return flow.Node{ID: id, Component: "kiln", Func: "example.org/kiln." + name, File: "kiln.go", Line: 10 * id, EndLine: 10*id + 5}
	}
	edge := func(to, line int, method, label string) flow.Edge {
		return flow.Edge{From: 1, To: to, Kind: flow.Interface, Site: flow.Site{File: "kiln.go", Line: line}, Detail: method, Label: label, Candidates: 2}
	}
	return &flow.Flow{
		Schema: flow.Schema, Program: "kiln", Root: 1, Spine: []int{1, 2},
		Components: []flow.Component{{Name: "kiln", Package: "example.org/kiln", Dir: "."}},
		Nodes:      []flow.Node{node(1, "main"), node(2, "(*first).Freeze"), node(3, "(*second).Freeze"), node(4, "(*cold).transition"), node(5, "(*warm).transition")},
		Edges: []flow.Edge{
			edge(2, 12, "Kiln.Freeze", "example.org/kiln.(*first).Freeze"), edge(3, 12, "Kiln.Freeze", "example.org/kiln.(*second).Freeze"),
			edge(4, 14, "State.transition", "example.org/kiln.(*cold).transition"), edge(5, 14, "State.transition", "example.org/kiln.(*warm).transition"),
		},
	}
}

// An "or" is another answer of the call that the route takes. What another call
// of the function does happens as well.
func TestOrIsOfOneCall(t *testing.T) {
	text := string(render(t, freezing(), report.TextOptions{}))
	if !strings.Contains(text, "├ or main.(*second).Freeze") {
		t.Errorf("the other answer is missing:\n%s", text)
	}
	if strings.Contains(text, "or main.(*cold).transition") || !strings.Contains(text, "│ + 2 more calls") {
		t.Errorf("what happens as well is told as an answer:\n%s", text)
	}
	tree := string(render(t, freezing(), report.TextOptions{Tree: true}))
	for _, want := range []string{"─ or interface Kiln.Freeze (1 of 2)  main.(*second)", "─ interface State.transition (1 of 2)  main.(*cold)", "─ or interface State.transition (1 of 2)  main.(*warm)"} {
		if !strings.Contains(tree, want) {
			t.Errorf("no %q in\n%s", want, tree)
		}
	}
}

func TestTextSaysWhatAViewLeftOut(t *testing.T) {
	f := freezing()
	f.Edges[0].Skipped, f.Cut = 3, 1
	text := string(render(t, f, report.TextOptions{}))
	for _, want := range []string{"┊ 3 steps hidden", "┊ --depth ends the route here, 1 step before its end"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestTextSaysWhatAStepDoes(t *testing.T) {
	f := freezing()
	for line := range 6 {
		f.Nodes[1].Does = append(f.Nodes[1].Does, flow.Effect{Line: 21 + line, Verb: "writes", What: "\"a\tb\""})
	}
	text := string(render(t, f, report.TextOptions{}))
	for _, want := range []string{`:21  │ writes "a b"`, "│ and 2 more\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestBrief(t *testing.T) {
	for _, name := range []string{"fire", "glaze", "relight", "answers", "nothing"} {
		var out bytes.Buffer
		if err := report.Brief(&out, readFlow(t, name), report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".brief.txt", out.Bytes())
		if lines := bytes.Count(out.Bytes(), []byte("\n")); lines > 45 {
			t.Errorf("%s takes %d lines: more than a screen", name, lines)
		}
	}
}
