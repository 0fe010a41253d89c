package article_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/golden"
)

func TestGolden(t *testing.T) {
	for _, name := range golden.Flows {
		for _, lang := range article.Langs {
			t.Run(name+"."+string(lang), func(t *testing.T) {
				f := golden.Flow(t, name)
				o := article.Options{Lang: lang, Link: func(c flow.Component, at flow.Site) string { return "https://example.org/" + c.Name + "/" + at.File }}
				var out, again bytes.Buffer
				if err := article.Markdown(&out, f, o); err != nil {
					t.Fatal(err)
				}
				golden.Compare(t, name+"."+string(lang)+".md", out.Bytes())
				if err := article.Markdown(&again, golden.Shuffled(f), o); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(again.Bytes(), out.Bytes()) {
					t.Errorf("the order of nodes and edges changed the output:\n%s", again.Bytes())
				}
			})
		}
	}
}

// TestRows asks for the table of a program that something arrives at: first the
// way to where it registered its handler, then the steps, each type before its
// first method, and before a call what prepares it and who made what it is called
// on, each once.
func TestRows(t *testing.T) {
	node := func(id int, component, fn string) flow.Node {
		return flow.Node{ID: id, Component: component, Func: "example.org/" + fn, File: fn + ".go", Line: id}
	}
	node4 := node(4, "kilnd", "oven.(*Oven).Fire")
	node4.Type = &flow.Type{Name: "example.org/oven.Oven", Site: flow.Site{File: "oven.go", Line: 9}}
	registered := 6
	f := &flow.Flow{
		Schema: flow.Schema, Program: "kiln", Root: 1, Spine: []int{1, 3, 4},
		Components: []flow.Component{{Name: "kiln", Package: "example.org/kiln"}, {Name: "kilnd", Package: "example.org/kilnd"}},
		Nodes: []flow.Node{
			node(1, "kiln", "kiln.main"), node(3, "kilnd", "server.fire"), node4,
			node(5, "kilnd", "kilnd.main"), node(6, "kilnd", "server.routes"), node(7, "kilnd", "kilnd.unrelated"), node(8, "kilnd", "server.oven"),
		},
		Edges: []flow.Edge{
			{From: 1, To: 3, Kind: flow.HTTP, Registered: []flow.Registered{{Site: flow.Site{File: "r.go", Line: 2}, Node: &registered}}},
			{From: 3, To: 4, Kind: flow.Interface, Site: flow.Site{File: "s.go", Line: 5}, Made: []flow.Maker{
				{Func: "example.org/server.oven", File: "server.oven.go", Line: 8, At: 9},
				{Func: "example.org/kilnd.build", File: "build.go", Line: 3, At: 4},
			}},
			{From: 3, To: 8, Kind: flow.Call, Site: flow.Site{File: "s.go", Line: 5}},
			{From: 5, To: 6, Kind: flow.Call},
			{From: 5, To: 7, Kind: flow.Call},
		},
	}
	a, err := article.Build(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range a.Rows(a.Sections[1]) {
		got = append(got, r.Name)
	}
	want := "main.main server.routes server.fire server.oven main.build oven.Oven oven.(*Oven).Fire"
	if strings.Join(got, " ") != want {
		t.Errorf("rows\n%s, want\n%s", strings.Join(got, " "), want)
	}
}

func TestHostileNames(t *testing.T) {
	evil := "</td><script>alert(1)</script> | ``` \n# head [x](y)"
	f := &flow.Flow{
		Schema: flow.Schema, Program: evil, Command: []string{evil}, Root: 1, Spine: []int{1, 2},
		Components: []flow.Component{{Name: evil, Package: evil, Version: evil}, {Name: "b"}},
		Nodes:      []flow.Node{{ID: 1, Component: evil, Func: evil, File: evil, Code: []flow.CodeLine{{Line: 1, Text: "```` // x"}}}, {ID: 2, Component: "b", Func: evil}},
		Edges:      []flow.Edge{{From: 1, To: 2, Kind: flow.HTTP, Detail: evil, Under: []string{evil}}},
		Gaps:       []flow.Gap{{After: 2, Kind: flow.Exec, Detail: evil, Reason: evil, Hint: evil}},
	}
	var out bytes.Buffer
	if err := article.Markdown(&out, f, article.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(out.String(), "\n") {
		// A backtick opens code, where a tag is text.
		if before, _, _ := strings.Cut(line, "<script>"); before != line && !strings.Contains(before, "`") {
			t.Errorf("a name became markup: %s", line)
		}
		if strings.HasPrefix(line, "# head") {
			t.Errorf("a name became a heading")
		}
	}
	if !strings.Contains(out.String(), "`````go\n```` // x\n`````") {
		t.Errorf("the fence of code with a fence is too short:\n%s", out.String())
	}
}

func TestUnknownLanguage(t *testing.T) {
	err := article.Markdown(new(bytes.Buffer), golden.Flow(t, "fire"), article.Options{Lang: "tlh"})
	if err == nil || !strings.Contains(err.Error(), "en or zh") {
		t.Error(err)
	}
}

func TestArticleSaysWhatAViewLeftOut(t *testing.T) {
	f := golden.Flow(t, "fire")
	f.Cut = 7
	for i := range f.Edges {
		f.Edges[i].Skipped = 3
	}
	for lang, want := range map[article.Lang][]string{
		article.English: {"Functions left out here: 3.", "this many steps before its end: 7."},
		article.Chinese: {"此处省略 3 个函数。", "其后还有 7 步。"},
	} {
		var out bytes.Buffer
		if err := article.Markdown(&out, f, article.Options{Lang: lang}); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: no %q", lang, w)
			}
		}
	}
}

// The tables alone are what a review reads: no code, and what each function does.
func TestTables(t *testing.T) {
	f := golden.Flow(t, "fire")
	for i := range f.Nodes {
		f.Nodes[i].Code = []flow.CodeLine{{Line: 1, Text: "secret"}}
		f.Nodes[i].Does = []flow.Effect{{Verb: "writes", What: "a|b"}, {Verb: "writes", What: "c"}, {Verb: "writes", What: "d"}, {Verb: "writes", What: "e"}, {Verb: "writes", What: "f"}}
	}
	var out bytes.Buffer
	if err := article.Markdown(&out, f, article.Options{Tables: true}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "secret") || strings.Contains(out.String(), "every line shown") {
		t.Error("there is code")
	}
	if want := "| writes `a\\|b`; writes `c`; writes `d`; … 2 |"; !strings.Contains(out.String(), want) {
		t.Errorf("no %s in\n%s", want, out.String())
	}
}
