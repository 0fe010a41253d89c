package diagram_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/diagram"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/golden"
)

var views = map[string]func(io.Writer, *flow.Flow) error{
	"dot":      func(w io.Writer, f *flow.Flow) error { return diagram.DOT(w, f, diagram.Options{}) },
	"wide.dot": func(w io.Writer, f *flow.Flow) error { return diagram.DOT(w, f, diagram.Options{Nodes: 100}) },
	"mmd":      func(w io.Writer, f *flow.Flow) error { return diagram.Mermaid(w, f, diagram.Options{}) },
	"seq.mmd":  func(w io.Writer, f *flow.Flow) error { return diagram.Sequence(w, f, diagram.Options{}) },
	"puml":     func(w io.Writer, f *flow.Flow) error { return diagram.PlantUML(w, f, diagram.Options{}) },
	"svg":      func(w io.Writer, f *flow.Flow) error { return diagram.Portrait(w, f, diagram.Options{}) },
}

func TestGolden(t *testing.T) {
	for _, name := range golden.Flows {
		for suffix, view := range views {
			t.Run(name+"."+suffix, func(t *testing.T) {
				var out, again bytes.Buffer
				f := golden.Flow(t, name)
				if err := view(&out, f); err != nil {
					t.Fatal(err)
				}
				golden.Compare(t, name+"."+suffix, out.Bytes())
				if err := view(&again, golden.Shuffled(f)); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(again.Bytes(), out.Bytes()) {
					t.Errorf("the order of nodes and edges changed the output:\n%s", again.Bytes())
				}
			})
		}
	}
}

// big is a flow with a spine of n functions with long names, and as many
// branches.
func big(n int) *flow.Flow {
	f := &flow.Flow{Schema: flow.Schema, Program: "kiln", Root: 1, Components: []flow.Component{{Name: "kiln", Package: "example.org/kiln"}}}
	for i := 1; i <= 2*n; i++ {
		f.Nodes = append(f.Nodes, flow.Node{ID: i, Component: "kiln", File: strings.Repeat("folder/", 8) + fmt.Sprintf("file%d.go", i), Line: i, EndLine: i, Func: fmt.Sprintf("example.org/kiln.(*Oven[example.org/kiln.Temperature]).Heat%dCeramics", i)})
	}
	for i := 1; i <= n; i++ {
		f.Spine = append(f.Spine, i)
		f.Edges = append(f.Edges, flow.Edge{From: i, To: n + i, Kind: flow.Call})
		if i < n {
			f.Edges = append(f.Edges, flow.Edge{From: i, To: i + 1, Kind: flow.Interface, Detail: "Heater"})
		}
	}
	return f
}

func TestMermaidIsSplit(t *testing.T) {
	f := big(600)
	for name, view := range map[string]func(io.Writer) error{
		"flowchart": func(w io.Writer) error { return diagram.Mermaid(w, f, diagram.Options{Nodes: 600}) },
	} {
		var out bytes.Buffer
		if err := view(&out); err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(out.String(), "```mermaid\n")[1:]
		if len(parts) < 2 {
			t.Fatalf("%s of %d bytes is in %d parts", name, out.Len(), len(parts))
		}
		for i, part := range parts {
			part, _, _ = strings.Cut(part, "```")
			if len(part) > 50_000 {
				t.Errorf("%s: part %d has %d characters", name, i+1, len(part))
			}
		}
		for i := 1; i <= 1200; i++ {
			if !strings.Contains(out.String(), fmt.Sprintf("  n%d[", i)) {
				t.Fatalf("%s: node %d is in no part", name, i)
			}
		}
	}
}

func TestPictureOfMany(t *testing.T) {
	f := big(10_000)
	f.Spine = f.Spine[:20]
	var out bytes.Buffer
	if err := diagram.DOT(&out, f, diagram.Options{Nodes: 100}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "[label=<"); n > 125 {
		t.Errorf("%d functions are drawn of 20,000", n)
	}
	if !strings.Contains(out.String(), "120 of 20000 functions") {
		t.Error("the caption does not say what was left out")
	}
}

// What stands in names, conditions and details must not become markup.
func TestHostileNames(t *testing.T) {
	evil := `</td><script>alert(1)</script>"]; evil [label="` + "\x00\n\\N%%`{}|#;@startuml"
	f := &flow.Flow{
		Schema: flow.Schema, Program: evil, Command: []string{evil}, Root: 1, Spine: []int{1, 2},
		Components: []flow.Component{{Name: evil, Package: evil, Version: evil}, {Name: "b"}},
		Nodes:      []flow.Node{{ID: 1, Component: evil, Func: evil, File: evil}, {ID: 2, Component: "b", Func: evil, File: evil}},
		Edges:      []flow.Edge{{From: 1, To: 2, Kind: flow.HTTP, Detail: evil, Under: []string{evil}}},
		Gaps:       []flow.Gap{{After: 2, Kind: flow.Exec, Detail: evil, Reason: evil, Hint: evil}},
	}
	for name, view := range views {
		var out bytes.Buffer
		if err := view(&out, f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if name == "svg" {
			if strings.Contains(out.String(), "<script") || xml.Unmarshal(out.Bytes(), new(struct{})) != nil {
				t.Errorf("%s: a name became markup:\n%s", name, out.String())
			}
			continue
		}
		if name != "puml" && strings.Contains(strings.ReplaceAll(out.String(), `"`+evil, ""), "label=<</td>") {
			t.Errorf("%s: a name became markup", name)
		}
		if strings.HasSuffix(name, "mmd") && strings.Contains(out.String(), "<script>") {
			t.Errorf("%s: a name became markup:\n%s", name, out.String())
		}
	}
}

// A portrait is XML, no letter of it is outside, and what is too long is cut where
// names have borders.
func TestPortrait(t *testing.T) {
	long := "example.org/kiln/combustion.(*VeryLongNameOfAType).AnEvenLongerNameOfAMethodThatNobodyWouldWriteButThatIsThere"
	f := &flow.Flow{
		Schema: flow.Schema, Program: "kiln", Root: 1, Spine: []int{1, 2},
		Components: []flow.Component{{Name: "kiln", Package: "example.org/kiln", Version: "deadbeefcafe"}},
		Nodes: []flow.Node{
			{ID: 1, Component: "kiln", Func: "example.org/kiln.main", File: "main.go", Line: 3},
			{
				ID: 2, Component: "kiln", Func: long, File: "example.org/kiln@v1.2.3/" + strings.Repeat("deep/", 30) + "x.go", Line: 7,
				Does: []flow.Effect{{Verb: "writes", What: "a & <b>" + strings.Repeat(" very", 50)}},
			},
		},
		Edges: []flow.Edge{{From: 1, To: 2, Kind: flow.Call}},
	}
	var out bytes.Buffer
	if err := diagram.Portrait(&out, f, diagram.Options{Link: func(n flow.Node) string { return "https://example.org/?a=1&b=" + n.Func }}); err != nil {
		t.Fatal(err)
	}
	texts := 0
	decoder := xml.NewDecoder(&out)
	seen := ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("no XML: %v", err)
		}
		if text, ok := token.(xml.CharData); ok && len(strings.TrimSpace(string(text))) > 0 && !strings.Contains(string(text), "font-family") {
			texts++
			seen += string(text) + "\n"
			if n := utf8.RuneCount(text); n > 104 {
				t.Errorf("%d letters in a line: %s", n, text)
			}
		}
	}
	if texts < 7 {
		t.Errorf("only %d texts", texts)
	}
	if !strings.Contains(seen, "(*VeryLongNameOfAType)") {
		t.Errorf("the type is cut:\n%s", seen)
	}
	if strings.Contains(seen, "deadbeef") {
		t.Error("it has a revision, which changes with each commit")
	}
}

func BenchmarkDOT(b *testing.B) {
	f := big(150)
	for b.Loop() {
		if err := diagram.DOT(io.Discard, f, diagram.Options{Nodes: 150}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestChinese checks that pictures in Chinese say nothing of their own in English.
func TestChinese(t *testing.T) {
	o := diagram.Options{Lang: article.Chinese, Nodes: 100}
	for name, view := range map[string]func(io.Writer, *flow.Flow, diagram.Options) error{
		"dot": diagram.DOT, "mermaid": diagram.Mermaid, "sequence": diagram.Sequence, "plantuml": diagram.PlantUML, "portrait": diagram.Portrait,
	} {
		var out bytes.Buffer
		if err := view(&out, golden.Flow(t, "fire"), o); err != nil {
			t.Fatal(err)
		}
		for _, english := range []string{" more", " functions", " crossing", " programs", " gaps"} {
			if strings.Contains(out.String(), english) {
				t.Errorf("%s says %q:\n%s", name, english, out.String())
			}
		}
		if err := view(io.Discard, golden.Flow(t, "fire"), diagram.Options{Lang: "fr"}); err == nil {
			t.Errorf("%s speaks French", name)
		}
	}
}
