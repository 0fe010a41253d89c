package webui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/golden"
	"github.com/callroute/callroute/analyzer/webui"
)

// body is a page without its style and script, which are the same in all.
func body(t *testing.T, page []byte) []byte {
	t.Helper()
	text := string(page)
	for _, tag := range []string{"style", "script"} {
		from, to := strings.Index(text, "<"+tag+">"), strings.LastIndex(text, "</"+tag+">")
		if from < 0 || to < from {
			t.Fatalf("the page has no %s", tag)
		}
		text = text[:from] + text[to:]
	}
	before, rest, found := strings.Cut(text, `<meta http-equiv="Content-Security-Policy"`)
	_, after, ended := strings.Cut(rest, ">")
	if !found || !ended {
		t.Fatal("the page has no policy")
	}
	return []byte(before + after)
}

func TestPageGolden(t *testing.T) {
	for _, name := range golden.Flows {
		for _, lang := range article.Langs {
			t.Run(name+"."+string(lang), func(t *testing.T) {
				f := golden.Flow(t, name)
				var out, again bytes.Buffer
				if err := webui.Page(&out, f, webui.Options{Lang: lang}); err != nil {
					t.Fatal(err)
				}
				golden.Compare(t, name+"."+string(lang)+".html", body(t, out.Bytes()))
				if err := webui.Page(&again, golden.Shuffled(f), webui.Options{Lang: lang}); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(again.Bytes(), out.Bytes()) {
					t.Error("the order of nodes and edges changed the page")
				}
			})
		}
	}
}

// markup is what must never reach a page as it is.
const markup = `</script><script>owned=1</script><img src=x onerror="owned=1"><!--<script>'"]]>`

// hostile is a flow whose every text holds markup.
func hostile() *flow.Flow {
	f := &flow.Flow{
		Schema: flow.Schema, Program: "kiln" + markup, Command: []string{markup}, Root: 1, Spine: []int{1, 2},
		Components: []flow.Component{
			{Name: "kiln" + markup, Package: markup, Dir: markup, Version: markup, Web: `javascript:owned=1//`},
			{Name: "kilnd" + markup, Package: markup},
		},
		Nodes: []flow.Node{
			{ID: 1, Component: "kiln" + markup, Func: "example.org/kiln." + markup, File: markup, Line: 1, EndLine: 2, Code: []flow.CodeLine{{Line: 1, Text: markup}}},
			{ID: 2, Component: "kilnd" + markup, Func: markup, Line: 0},
			{ID: 3, Component: "kilnd" + markup, Func: markup + "3", Decl: markup},
		},
		Edges: []flow.Edge{
			{From: 1, To: 2, Kind: flow.HTTP, Detail: markup, Site: flow.Site{File: markup, Line: 1}, Rule: markup, Under: []string{markup}, Label: markup, Registered: []flow.Registered{{Site: flow.Site{File: markup, Line: 2}}}},
			{From: 2, To: 3, Kind: flow.Kind(markup), Detail: markup},
		},
		Gaps: []flow.Gap{{After: 2, Kind: flow.Kind(markup), Reason: markup, Hint: markup, Detail: markup}, {After: 3, Reason: markup}},
	}
	return f
}

func TestPageEscapes(t *testing.T) {
	var out bytes.Buffer
	if err := webui.Page(&out, hostile(), webui.Options{}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, bad := range []string{"<script>owned", "<img", "<!--", `href="javascript:`} {
		if i := strings.Index(text, bad); i >= 0 {
			t.Errorf("the page holds %q: %s", bad, text[max(0, i-100):i+100])
		}
	}
	if n := strings.Count(text, "<script"); n != 3 {
		t.Errorf("the page has %d scripts", n)
	}
}

// big is a flow with n functions, most of them off the route.
func big(n int) *flow.Flow {
	f := &flow.Flow{Schema: flow.Schema, Program: "kiln", Root: 1, Components: []flow.Component{{Name: "kiln", Package: "example.org/kiln"}}}
	for i := 1; i <= n; i++ {
		f.Nodes = append(f.Nodes, flow.Node{ID: i, Component: "kiln", File: "kiln.go", Line: i, EndLine: i, Func: fmt.Sprintf("example.org/kiln.Heat%d", i)})
		if i > 1 {
			f.Edges = append(f.Edges, flow.Edge{From: (i-2)/3 + 1, To: i, Kind: flow.Call, Site: flow.Site{File: "kiln.go", Line: i}})
		}
	}
	for i := 1; i <= n; i = 3*i - 1 {
		f.Spine = append(f.Spine, i)
	}
	return f
}

func TestPageLeavesOut(t *testing.T) {
	var out bytes.Buffer
	if err := webui.Page(&out, big(20000), webui.Options{}); err != nil {
		t.Fatal(err)
	}
	if want := "leaves out 14000 functions"; !strings.Contains(out.String(), want) {
		t.Errorf("the page does not say that it %s", want)
	}
	if out.Len() > 4<<20 {
		t.Errorf("the page has %d bytes", out.Len())
	}
}

func TestPageOfALongRoute(t *testing.T) {
	f := &flow.Flow{Schema: flow.Schema, Program: "kiln", Root: 1, Components: []flow.Component{{Name: "kiln", Package: "example.org/kiln"}}}
	for i := 1; i <= 20000; i++ {
		f.Nodes = append(f.Nodes, flow.Node{ID: i, Component: "kiln", Func: fmt.Sprintf("example.org/kiln.Heat%d", i)})
		f.Spine = append(f.Spine, i)
		if i > 1 {
			f.Edges = append(f.Edges, flow.Edge{From: i - 1, To: i, Kind: flow.Call})
		}
	}
	var out bytes.Buffer
	if err := webui.Page(&out, f, webui.Options{}); err != nil {
		t.Fatal(err)
	}
	if want := "19600 steps left out"; !strings.Contains(out.String(), want) {
		t.Errorf("the page does not say: %s", want)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

var errBroken = errors.New("the disk is full")

func TestPageFails(t *testing.T) {
	if err := webui.Page(brokenWriter{}, golden.Flow(t, "fire"), webui.Options{}); !errors.Is(err, errBroken) {
		t.Errorf("a writer that fails gives %v", err)
	}
	var out bytes.Buffer
	if err := webui.Page(&out, golden.Flow(t, "fire"), webui.Options{Lang: "fr"}); err == nil || out.Len() > 0 {
		t.Errorf("an unknown language gives %v and %d bytes", err, out.Len())
	}
	f := golden.Flow(t, "fire")
	f.Spine = append(f.Spine, 999)
	if err := webui.Page(&out, f, webui.Options{}); err == nil || out.Len() > 0 {
		t.Errorf("a damaged flow gives %v and %d bytes", err, out.Len())
	}
}

// kiln is a source of golden flows.
type kiln struct {
	t      *testing.T
	block  chan struct{} // Trace waits for it, if set
	traced int

	mu     sync.Mutex
	listed []string // programs whose commands were asked for
}

func (k *kiln) Programs() []string { return []string{"kiln", "kiln-test", "kilnd"} }

func (k *kiln) Auxiliary() []string { return []string{"kiln-test"} }

func (k *kiln) Endpoints(context.Context, func(string)) (*flow.Endpoints, error) {
	return siteOptions(k.t).Endpoints, nil
}

func (k *kiln) Commands(_ context.Context, program string, _ func(string)) ([]flow.Command, error) {
	k.mu.Lock()
	k.listed = append(k.listed, program)
	k.mu.Unlock()
	if program == "kilnd" {
		return []flow.Command{{Program: "kilnd", Kind: flow.HTTP, Words: []string{"POST", "/fire"}}}, nil
	}
	return []flow.Command{
		{Program: "kiln", Kind: flow.Registration, Words: []string{"fire"}, Says: "Heat the kiln", Site: flow.Site{File: "fire.go", Line: 3}},
		{Program: "kiln", Kind: flow.Registration, Words: []string{"glaze"}, Site: flow.Site{File: "glaze.go", Line: 3}},
	}, nil
}

func (k *kiln) Trace(ctx context.Context, _ string, command []string, progress func(string)) (*flow.Flow, error) {
	k.traced++
	progress("heating")
	if k.block != nil {
		select {
		case <-k.block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	for _, name := range golden.Flows {
		if len(command) == 1 && command[0] == name {
			return golden.Flow(k.t, name), nil
		}
	}
	return nil, fmt.Errorf("no command %q", command)
}
