package webui_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/golden"
)

// zoomPicture makes the picture of the route larger and smaller, unfolds a
// process of it, and chooses a function in it.
func zoomPicture(t *testing.T, ctx context.Context) {
	t.Helper()
	b := open(t, ctx, pageFile(t, golden.Flow(t, "fire"))+"#view=explorer")
	b.until("document.querySelector('.route-picture')")
	width := "Number(document.querySelector('.route-picture').getAttribute('width'))"
	before := b.says(width)
	b.do(chromedp.Click(".zoom button:nth-of-type(3)"))
	b.until(width + " > " + before + " * 1.2")
	b.do(chromedp.KeyEvent("-"))
	b.until("Math.abs(" + width + " - " + before + ") < 1")
	rows := b.says("document.querySelectorAll('.route-picture .node-row').length")
	b.do(chromedp.Click(".route-picture a.more"))
	b.until("document.querySelectorAll('.route-picture .node-row').length > " + rows)
	b.do(chromedp.Click(".route-picture .node-row:nth-of-type(2)"))
	b.until("callroute.selected !== undefined && document.querySelector('#code .func').textContent === callroute.model.nodes[callroute.selected].func")
	b.until("document.querySelector('.route-picture a.chosen')")
}

// wholeGraph looks at the graph of the whole route: each function that is at most
// two calls away is in a package, and lines lead there.
func wholeGraph(t *testing.T, ctx context.Context) {
	t.Helper()
	b := open(t, ctx, pageFile(t, golden.Flow(t, "fire"))+"#view=explorer&mode=graph")
	b.until("document.querySelectorAll('.whole .wires path').length > 0")
	if got := b.says("callroute.model.route.every((i) => document.querySelector(`.whole .on-route [data-node=\"${i}\"]`))"); got != "true" {
		t.Error("the graph leaves out functions of the route")
	}
	for _, expression := range []string{
		"[...document.querySelectorAll('.whole .package')].every((p) => new Set([...p.querySelectorAll('[data-node]')].map((r) => packageOf(callroute.model.nodes[r.dataset.node].func))).size === 1)",
		"[...hops(callroute.model, 2)].every(([i, d]) => d === 0 || document.querySelector(`.whole [data-node=\"${i}\"]`) || document.querySelector('.whole .more:not([hidden])'))",
		"[...hops(callroute.model, 2).values()].some((d) => d === 2) && ![...hops(callroute.model, 2).values()].some((d) => d > 2)",
	} {
		if got := b.says(expression); got != "true" {
			t.Errorf("%s is %s", expression, got)
		}
	}
	b.do(chromedp.Click(".choice button:nth-of-type(2)"))
	b.until("callroute.state.graph === 'around' && document.querySelectorAll('.graph .box').length > 1")
}

// takeAlong reads the forms in which the route can be taken along.
func takeAlong(t *testing.T, ctx context.Context) {
	t.Helper()
	f := golden.Flow(t, "fire")
	f.Nodes[0].Code = []flow.CodeLine{{Line: f.Nodes[0].Line, Text: "func main() { print(`a|b`) }"}}
	f.Components[0].Web = "https://code.example.org/kiln/blob/1234"
	b := open(t, ctx, pageFile(t, f)+"#view=explorer")
	b.until("document.querySelectorAll('#share-items [data-download]').length === 4")

	// The trace is one that callroute reads, and has the same route.
	saved, err := flow.Read(strings.NewReader(b.says("JSON.stringify(traceOf(callroute.model))")))
	if err != nil {
		t.Fatal(err)
	}
	names := func(f *flow.Flow) string {
		r, err := flow.NewRoute(f)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for i, id := range f.Spine {
			all = append(all, r.Node[id].Component+" "+r.Node[id].Func+" "+string(r.Onward(i).Kind)+" "+r.Onward(i).Detail)
		}
		return strings.Join(all, "\n")
	}
	if got, want := names(saved), names(f); got != want {
		t.Errorf("the trace that is downloaded has the route\n%s\nwant\n%s", got, want)
	}
	if len(saved.Nodes) != len(f.Nodes) || len(saved.Edges) != len(f.Edges) || len(saved.Gaps) != len(f.Gaps) {
		t.Errorf("the trace that is downloaded has %d functions, %d edges, %d gaps; want %d, %d, %d",
			len(saved.Nodes), len(saved.Edges), len(saved.Gaps), len(f.Nodes), len(f.Edges), len(f.Gaps))
	}

	markdown := b.says("markdownOf(callroute.model)")
	for _, want := range []string{"# kiln fire", "| `main.main` |", "https://code.example.org/kiln/blob/1234/", "```go\nfunc main() { print(`a|b`) }\n```"} {
		if !strings.Contains(markdown, want) {
			t.Errorf("the Markdown has no %q:\n%s", want, markdown)
		}
	}
	mermaid := b.says("mermaidOf(callroute.model)")
	if !strings.Contains(mermaid, "flowchart TB") || !strings.Contains(mermaid, ":::lane1") || !strings.Contains(mermaid, "classDef lane1 fill:#ffffff,stroke:#b0621c") {
		t.Errorf("the programs have no colors in Mermaid:\n%s", mermaid)
	}
	if plantuml, err := exec.LookPath("plantuml"); err == nil {
		cmd := exec.CommandContext(t.Context(), plantuml, "-syntax")
		cmd.Stdin = strings.NewReader(b.says("plantOf(callroute.model)"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("PlantUML refuses what is copied: %v: %s", err, out)
		}
	}

	// The picture is a file of its own, for light and dark.
	picture := b.says("pictureFile(callroute, 838)")
	for _, want := range []string{"<svg", "prefers-color-scheme: dark", "--p0", `href="https://code.example.org/kiln/blob/1234/`, "main.main"} {
		if !strings.Contains(picture, want) {
			t.Errorf("the SVG has no %q", want)
		}
	}
	if got := b.says("new DOMParser().parseFromString(pictureFile(callroute, 838), 'image/svg+xml').querySelector('parsererror') === null"); got != "true" {
		t.Error("the SVG is no XML")
	}
	b.run("pictureAsPNG(callroute, 838).then((blob) => blob.arrayBuffer()).then((b) => { globalThis.pngBytes = [...new Uint8Array(b)] })")
	b.until("globalThis.pngBytes")
	var numbers []int
	if err := json.Unmarshal([]byte("["+b.says("globalThis.pngBytes.join()")+"]"), &numbers); err != nil {
		t.Fatal(err)
	}
	data := make([]byte, len(numbers))
	for i, n := range numbers {
		data[i] = byte(n)
	}
	if c, err := png.DecodeConfig(bytes.NewReader(data)); err != nil || c.Width != 2*838 {
		t.Errorf("the PNG is %+v: %v", c, err)
	}

	// The copied link and place are those of the function that is shown.
	b.run("navigator.clipboard.writeText = (text) => { globalThis.copied = text; return Promise.resolve() }")
	b.run("[...document.querySelectorAll('#code .acts button')].find((x) => x.textContent === 'Copy place').click()")
	b.until("globalThis.copied === callroute.model.place(callroute.model.nodes[callroute.model.route[0]].file, callroute.model.nodes[callroute.model.route[0]].line)")
	b.run("[...document.querySelectorAll('#share-items button')].find((x) => x.textContent === 'Mermaid').click()")
	b.until("globalThis.copied === mermaidOf(callroute.model)")
}

// openInEditor chooses an editor, and looks where its link leads.
func openInEditor(t *testing.T, ctx context.Context) {
	t.Helper()
	f := golden.Flow(t, "fire")
	f.Components[0].Web = "https://code.example.org/kiln/blob/1234"
	b := open(t, ctx, pageFile(t, f)+"#view=explorer")
	b.until("document.querySelector('#code .acts')")
	link := "(document.querySelector('#code .acts a[href]:not([target])') || {}).href"
	if got := b.says(link); got != "undefined" {
		t.Errorf("nobody said where the sources are, and a link leads to %s", got)
	}
	if got := b.says("document.querySelector('#code .acts a[target]').href"); !strings.HasPrefix(got, "https://code.example.org/kiln/blob/1234/") {
		t.Errorf("the code's web host is %s", got)
	}
	first := golden.Flow(t, "fire").Nodes[0]
	where := filepath.ToSlash(filepath.Join("/home/potter/my kiln", first.File))
	escaped := strings.ReplaceAll(where, " ", "%20")
	for _, choice := range []struct{ scheme, want string }{
		{"vscode", "vscode://file" + escaped + ":"},
		{"goland", "goland://open?file=" + escaped + "&line="},
		{"zed", "zed://file" + escaped + ":"},
	} {
		b.run("[...document.querySelectorAll('#code .acts button')].at(-1).click()")
		b.until("document.getElementById('editor').open")
		b.run("{ const s = document.getElementById('editor-scheme'); s.value = '" + choice.scheme + "'; s.onchange(); document.getElementById('editor-folder').value = '/home/potter/my kiln/'; document.querySelector('#editor form button').click() }")
		b.until("!document.getElementById('editor').open")
		b.until("String(" + link + ").startsWith(" + quoted(choice.want) + ")")
	}
	b.run("localStorage.setItem('callroute-editor', JSON.stringify({scheme: 'javascript://{path}', folder: '/x'})); callroute.code()")
	if got := b.says(link); got != "undefined" {
		t.Errorf("a link leads to %s", got)
	}
	b.run("localStorage.removeItem('callroute-editor')")
}

// inChinese opens a page in Chinese: no word of the explorer's own is English.
func inChinese(t *testing.T, ctx context.Context) {
	t.Helper()
	b := open(t, ctx, pageFileIn(t, golden.Flow(t, "fire"), article.Chinese)+"#view=explorer")
	for _, mode := range []string{"picture", "route", "graph", "callers", "path"} {
		b.until("document.querySelector('[data-mode=" + mode + "]')")
		b.do(chromedp.Click("[data-mode=" + mode + "]"))
		b.until("callroute.state.mode === '" + mode + "' && document.querySelectorAll('#view .row').length > 0")
		got := b.says(`(() => {
			const own = 'button:not(.row):not(.to), label, h3, summary, th, dt + dd, p:not(.func):not(.place):not(.does), [aria-label], [title]';
			const english = /[A-Za-z]{3,}/;
			const known = /Mermaid|PlantUML|SVG|PNG|JSON|Markdown|focus|ignore|show|hide|pprof|VS Code|GoLand|Zed|path|line/g;
			const found = [];
			for (const e of document.querySelectorAll('body ' + own.split(', ').join(', body '))) {
				if (e.closest('#article') || e.closest('svg') && !e.matches('svg') || e.closest('.package')) continue;
				const own = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join(' ');
				const title = e.matches('.to, h4, .row') ? '' : e.title || '';
				for (const text of [own, e.getAttribute('aria-label') || '', title, e.placeholder || '']) if (english.test(text.replace(known, '')) && !e.closest('.gap, .crossing-row, .process-part')) found.push(e.tagName + ': ' + text);
			}
			return found.join(' | ');
		})()`)
		if got != "" {
			t.Errorf("%s: not in Chinese: %s", mode, got)
		}
	}
}
