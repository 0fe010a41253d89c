package webui_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/golden"
	"github.com/callroute/callroute/analyzer/internal/npm"
	"github.com/callroute/callroute/analyzer/webui"
)

// axe is the accessibility checker that the pages must satisfy.
const axe = "axe-core@4.14.1"

// browser is one Chromium for all tests of this file.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		npm.Missing(t, "chromium is missing; Debian's package is called chromium")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Headless,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1440, 900),
	}
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the process: it writes into its folder
		stop()
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// tab is one page in the browser. What goes wrong in it fails the test.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func open(t *testing.T, browser context.Context, url string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the page failed: %s: %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
		case *network.EventRequestWillBeSent:
			for _, good := range []string{"file://", "http://127.0.0.1:", "data:", "about:"} {
				if strings.HasPrefix(e.Request.URL, good) {
					return
				}
			}
			t.Errorf("the page asks for %s", e.Request.URL)
		}
	}))
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	// How long a page may take depends on what else the machine does: only what
	// hangs is ended, in time to say where.
	end := time.Now().Add(10 * time.Minute)
	if deadline, ok := t.Deadline(); ok && deadline.Add(-time.Minute).Before(end) {
		end = deadline.Add(-time.Minute)
	}
	ctx, timeout := context.WithDeadline(ctx, end)
	t.Cleanup(timeout)
	b := &tab{t, ctx}
	b.do(command(network.Enable, network.EnableParams{}), chromedp.Navigate(url))
	return b
}

// command sends one command of the browser's protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		where, _ := chromedp.Run(b.ctx, chromedp.Location())
		b.t.Fatalf("at %s: %v", where, err)
	}
}

// run carries out a statement of JavaScript.
func (b *tab) run(statement string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](statement))
}

// says is what an expression of JavaScript gives, as text.
func (b *tab) says(expression string) string {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// until waits for an expression to become true.
func (b *tab) until(expression string) {
	b.t.Helper()
	for b.ctx.Err() == nil && !b.t.Failed() {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && ok {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	b.t.Fatalf("%s does not become true", expression)
}

// clear empties a field. The protocol types a letter even where the page takes
// its key for something else.
func (b *tab) clear(id string) {
	b.t.Helper()
	b.run("document.getElementById('" + id + "').value = ''")
}

func (b *tab) offline() {
	b.t.Helper()
	b.do(command(network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: true}},
	}))
}

// pageFile writes the page of a flow to a file, and returns its address.
func pageFile(t *testing.T, f *flow.Flow) string {
	t.Helper()
	return pageFileIn(t, f, article.English)
}

func pageFileIn(t *testing.T, f *flow.Flow, lang article.Lang) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "page.html")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := webui.Page(file, f, webui.Options{Lang: lang}); err != nil {
		t.Fatal(err)
	}
	return "file://" + name
}

func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of short runs: a browser is slow to start")
	}
	ctx := browser(t)
	t.Run("explorer", func(t *testing.T) { explore(t, ctx) })
	t.Run("picture", func(t *testing.T) { zoomPicture(t, ctx) })
	t.Run("graph", func(t *testing.T) { wholeGraph(t, ctx) })
	t.Run("forms", func(t *testing.T) { takeAlong(t, ctx) })
	t.Run("editor", func(t *testing.T) { openInEditor(t, ctx) })
	t.Run("Chinese", func(t *testing.T) { inChinese(t, ctx) })
	t.Run("shared", func(t *testing.T) { sharedSender(t, ctx) })
	t.Run("hostile", func(t *testing.T) { hostileNames(t, ctx) })
	t.Run("big", func(t *testing.T) { bigFlow(t, ctx) })
	t.Run("serve", func(t *testing.T) { served(t, ctx) })
	t.Run("site", func(t *testing.T) { siteOpens(t, ctx) })
	t.Run("axe", func(t *testing.T) { accessible(t, ctx) })
}

// explore does with one file what a reader does: search, follow a crossing,
// look at code, filter, and share the address.
func explore(t *testing.T, ctx context.Context) {
	t.Helper()
	f := golden.Flow(t, "fire")
	for i := range f.Nodes {
		n := &f.Nodes[i]
		n.Code = []flow.CodeLine{{Line: n.Line, Text: "func heat() {"}, {Line: n.Line + 7, Text: "\treturn nil // " + n.Func}}
	}
	first := f.Spine[0]
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.ID == first {
			n.Does = []flow.Effect{{Line: n.Line, Verb: "writes", What: "heat to log"}}
			n.Code = []flow.CodeLine{{Line: n.Line, Text: "func main() { say(`one"}, {Line: n.Line + 1, Text: "if two"}, {Line: n.Line + 2, Text: "three`); return }"}}
		}
	}
	b := open(t, ctx, pageFile(t, f))
	b.offline()
	b.until("callroute.state.view === 'article'")
	b.do(chromedp.Click("#show-explorer"))

	// It opens filled: the picture of the route, and beside it the first
	// function's code with what it does; a string over lines is one.
	b.until("document.querySelectorAll('#view .route-picture .node-row').length > 5")
	b.until("document.querySelector('#code h2').textContent.includes('main.main')")
	b.until("document.querySelector('#code .does').textContent === 'writes heat to log at line ' + callroute.model.nodes[callroute.model.route[0]].line")
	if got := b.says("[...document.querySelectorAll('#code .string')].map((s) => s.textContent).join('|')"); got != "`one|if two|three`" {
		t.Errorf("the raw string is %s", got)
	}
	if got := b.says("[...document.querySelectorAll('#code .keyword')].map((s) => s.textContent).join('|')"); got != "func|return" {
		t.Errorf("the keywords are %s", got)
	}
	if got := b.says("(() => { const [a, b] = document.querySelectorAll('#code .code .l b'); return [getComputedStyle(a).display, getComputedStyle(a.parentElement.parentElement).tabSize] })()"); got != "inline-block,4" {
		t.Errorf("tab stops do not count from the left of the text: %s", got)
	}
	if got := b.says("[...document.querySelectorAll('#code .acts button')].map((s) => s.textContent).join('|')"); !strings.Contains(got, "Copy place|Copy link") {
		t.Errorf("the buttons are %s", got)
	}

	// Keys: ? opens the list, Esc closes it, / goes to the search.
	b.do(chromedp.KeyEvent("?"))
	b.until("document.getElementById('keys').open")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until("!document.getElementById('keys').open")
	b.do(chromedp.KeyEvent("/"))
	b.until("document.activeElement.id === 'q'")
	target := b.says("callroute.model.nodes[callroute.model.route[3]].name")
	b.clear("q")
	b.do(chromedp.SendKeys("#q", target))
	b.until("callroute.state.q === " + quoted(target) + " && location.hash.includes('q=')")
	b.do(chromedp.SendKeys("#q", kb.Enter))
	b.until("document.querySelector('#code h2') && document.querySelector('#code h2').textContent.includes(" + quoted(target) + ")")

	// A crossing leads to where it arrives.
	b.do(chromedp.Click("[data-mode=route]"))
	b.until("document.querySelectorAll('#view .crossing-row').length > 0")
	arrives := b.says("callroute.model.program(Number(document.querySelector('.crossing-row button').dataset.cross))")
	b.do(chromedp.Click(".crossing-row button"))
	b.until("document.querySelector('#code .program').textContent === " + quoted(arrives))
	if got := b.says("document.querySelector('#code .code').textContent"); !strings.Contains(got, "func heat() {") || !strings.Contains(got, "…") || !strings.Contains(got, "return nil") {
		t.Errorf("the code is shown as %q", got)
	}

	// j and k walk over rows.
	b.do(chromedp.Focus("#view"), chromedp.KeyEvent("j"))
	b.until("document.activeElement.matches('#view .row')")
	before := b.says("[...document.querySelectorAll('#view .row')].indexOf(document.activeElement)")
	b.do(chromedp.KeyEvent("j"))
	if after := b.says("[...document.querySelectorAll('#view .row')].indexOf(document.activeElement)"); after == before {
		t.Errorf("j stays at row %s", before)
	}

	// Every word of pprof narrows what is shown.
	all := b.says("callroute.model.keep.size")
	b.do(chromedp.KeyEvent("f"))
	b.until("document.activeElement.id === 'focus'")
	b.do(chromedp.SendKeys("#hide", `main\.main$`))
	b.until("location.hash.includes('hide=')")
	b.until("![...document.querySelectorAll('#view .name')].some((n) => n.textContent === 'main.main')")
	if left := b.says("callroute.model.keep.size"); left == all {
		t.Errorf("--hide leaves all %s functions", all)
	}
	b.clear("focus")
	b.do(chromedp.SendKeys("#focus", "("))
	b.until("document.getElementById('filter-error').textContent.includes('focus')")
	b.do(chromedp.SendKeys("#focus", kb.Backspace))
	b.until("!location.hash.includes('focus=')")

	// Graph, callers and path show something.
	for _, mode := range []string{"graph", "callers", "path"} {
		b.do(chromedp.Click("[data-mode=" + mode + "]"))
		b.until("callroute.state.mode === '" + mode + "' && document.querySelectorAll('#view .row').length > 0")
	}

	// The address restores all of it in another tab.
	state := "JSON.stringify([callroute.state.mode, callroute.state.at, callroute.state.hide, callroute.state.q, document.getElementById('hide').value, callroute.model.keep.size])"
	want := b.says(state)
	again := open(t, ctx, b.says("location.href"))
	again.until("document.querySelectorAll('#view .row').length > 0")
	if got := again.says(state); got != want {
		t.Errorf("the address restores %s, not %s", got, want)
	}
	again.do(chromedp.Reload())
	again.until("document.querySelectorAll('#view .row').length > 0")
	if got := again.says(state); got != want {
		t.Errorf("loading again restores %s, not %s", got, want)
	}
	again.do(chromedp.Click("[data-mode=picture]"))
	again.do(chromedp.NavigateBack())
	again.until("callroute.state.mode === 'path'")
}

// sharedSender asks for ways through a function that sends for two callers: a
// way leads to what its own caller asks for.
func sharedSender(t *testing.T, ctx context.Context) {
	t.Helper()
	f := &flow.Flow{
		Schema: flow.Schema, Program: "kiln", Root: 1, Spine: []int{1, 2, 4, 5},
		Components: []flow.Component{{Name: "kiln", Package: "example.org/kiln"}, {Name: "kilnd", Package: "example.org/kilnd"}},
	}
	for i, name := range []string{"main", "fire", "glaze", "send", "postFire", "postGlaze"} {
		program := "kiln"
		if i > 3 {
			program = "kilnd"
		}
		f.Nodes = append(f.Nodes, flow.Node{ID: i + 1, Component: program, Func: "example.org/" + program + "." + name})
	}
	f.Edges = []flow.Edge{
		{From: 1, To: 2, Kind: flow.Call},
		{From: 1, To: 3, Kind: flow.Call},
		{From: 2, To: 4, Kind: flow.Call},
		{From: 3, To: 4, Kind: flow.Call},
		{From: 4, To: 5, Kind: flow.HTTP, Detail: "POST /fire", Origins: []int{2}},
		{From: 4, To: 6, Kind: flow.HTTP, Detail: "POST /glaze", Origins: []int{3}},
	}
	b := open(t, ctx, pageFile(t, f)+"#view=explorer")
	b.until("document.querySelectorAll('#view .node-row').length >= 4")
	for _, want := range []struct{ from, to, way string }{
		{"kiln:example.org/kiln.main", "kilnd:example.org/kilnd.postGlaze", "main.main main.glaze main.send main.postGlaze"},
		{"kiln:example.org/kiln.fire", "kilnd:example.org/kilnd.postFire", "main.fire main.send main.postFire"},
		{"kiln:example.org/kiln.send", "kilnd:example.org/kilnd.postGlaze", "main.send main.postGlaze"},
		{"kilnd:example.org/kilnd.postGlaze", "kiln:example.org/kiln.main", ""},
	} {
		got := b.says("(callroute.model.path(callroute.model.byKey('" + want.from + "'), callroute.model.byKey('" + want.to + "')) || []).map((i) => callroute.model.nodes[i].name).join(' ')")
		if got != want.way {
			t.Errorf("from %s to %s: %q, want %q", want.from, want.to, got, want.way)
		}
	}
}

// hostileNames opens a page whose names hold markup: nothing of it runs.
func hostileNames(t *testing.T, ctx context.Context) {
	t.Helper()
	b := open(t, ctx, pageFile(t, hostile()))
	b.do(chromedp.Click("#show-explorer"))
	b.until("document.querySelectorAll('#view .node-row').length > 0")
	b.do(chromedp.Click("#view .node-row"))
	for _, mode := range []string{"graph", "callers", "path"} {
		b.do(chromedp.Click("[data-mode=" + mode + "]"))
	}
	if got := b.says("[globalThis.owned, document.images.length, document.querySelectorAll('#main script').length]+''"); got != ",0,0" {
		t.Errorf("names became markup: %s", got)
	}
}

// bigFlow opens a page of more functions than it may hold: quickly, and saying
// what it leaves out.
func bigFlow(t *testing.T, ctx context.Context) {
	t.Helper()
	b := open(t, ctx, pageFile(t, big(20000)))
	start := time.Now()
	b.do(chromedp.Click("#show-explorer"))
	b.until("document.querySelectorAll('#view .node-row').length > 0")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the explorer of a big flow took %v", took)
	}
	if got := b.says("document.getElementById('status').textContent"); !strings.Contains(got, "left out: 14000 functions") {
		t.Errorf("the explorer says %q", got)
	}
	if got := b.says("document.querySelectorAll('#explorer *').length < 5000"); got != "true" {
		t.Error("the explorer makes too many elements at once")
	}
}

func served(t *testing.T, ctx context.Context) {
	t.Helper()
	// The file of the first function lies in the source tree.
	dir, f := t.TempDir(), golden.Flow(t, "fire")
	first := f.Nodes[0]
	source := filepath.Join(dir, filepath.FromSlash(first.File))
	if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(source, []byte(strings.Repeat("\n", first.Line-1)+"func <main>() {\n\tbegin()\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(webui.Handler(t.Context(), &kiln{t: t}, webui.ServeOptions{Roots: map[string]string{f.Components[0].Dir: dir}}))
	defer server.Close()
	b := open(t, ctx, server.URL+"/")
	// The list grows while programs become known, under what is typed.
	b.do(chromedp.SendKeys("#q", "kiln"))
	b.until("document.querySelector('.map') && !document.getElementById('survey')")
	if got := b.says("document.querySelectorAll('.commands li:not([hidden])').length + ' ' + document.getElementById('q').value"); got != "3 kiln" {
		t.Errorf("shown under the search: %s", got)
	}
	if got := b.says("[...document.querySelectorAll('.says')].map((s) => s.textContent).join()"); got != "Heat the kiln" {
		t.Errorf("the commands say %q", got)
	}
	b.do(chromedp.SendKeys("#q", " tongs"))
	b.until("document.getElementById('found-count').textContent === '1 found'")
	b.run("document.getElementById('q').value = ''; document.getElementById('q').dispatchEvent(new Event('input'))")
	b.do(chromedp.Click(".commands a"))
	b.until("globalThis.callroute && document.querySelectorAll('#view .node-row').length > 0")
	if got, want := b.says("document.querySelector('#code .acts a[href]:not([target])').href"), "vscode://file"+filepath.ToSlash(dir)+"/"; !strings.HasPrefix(got, want) {
		t.Errorf("the editor is opened by %s", got)
	}
	b.do(chromedp.Click("#view .node-row"), chromedp.Click(".acts button:last-child"))
	b.until("document.querySelector('#code .code') && document.querySelector('#code .code').textContent.includes('func <main>() {')")
	b.do(chromedp.Click("[data-mode=compare]"))
	b.until("document.querySelectorAll('#with option').length > 1")
	b.run("const w = document.getElementById('with'); w.value = w.options[1].value; w.dispatchEvent(new Event('change'))")
	b.until("document.querySelectorAll('.compare tbody tr').length > 3")
}

func siteOpens(t *testing.T, ctx context.Context) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	if _, err := webui.Site(t.Context(), dir, siteOptions(t)); err != nil {
		t.Fatal(err)
	}
	b := open(t, ctx, "file://"+dir+"/index.html")
	b.offline()
	// A page of the site has its code from the files that all have in common.
	b.do(chromedp.SendKeys("#q", "kiln fire"))
	b.until("document.querySelectorAll('.commands li:not([hidden])').length > 0")
	b.do(chromedp.SendKeys("#q", kb.Enter))
	b.until("globalThis.callroute && document.querySelector('#article pre')")
	b.run("document.querySelector('#article pre').scrollIntoView()")
	b.until("document.querySelector('#article pre.code .l')")
	b.run("document.querySelector('#article details[data-calls]').open = true")
	b.until("document.querySelectorAll('#article details[data-calls] .node-row').length > 0")
	b.do(chromedp.Click("#show-explorer"))
	b.until("document.querySelector('#code .code') && document.querySelector('#code .code').textContent.includes('func kiln.main')")
	if got := b.says("callroute.model.nodes.every((n) => n.id >= 0) && callroute.model.edges.every((e) => e.from >= 0 && e.to >= 0)"); got != "true" {
		t.Error("the page lacks functions that its calls lead to")
	}
	if _, err := flow.Read(strings.NewReader(b.says("JSON.stringify(traceOf(callroute.model))"))); err != nil {
		t.Errorf("the trace that the page gives: %v", err)
	}
	b.do(chromedp.Navigate("file://" + dir + "/index.html"))
	b.until("document.getElementById('q')")
	b.do(chromedp.SendKeys("#q", "glaze"))
	b.until("document.getElementById('found-count').textContent === '1 found'")
	b.do(chromedp.SendKeys("#q", kb.Enter))
	b.until("globalThis.callroute && callroute.model.data.title.includes('glaze')")
	b.do(chromedp.Click("#show-explorer"), chromedp.Click("[data-mode=compare]"))
	b.until("document.querySelectorAll('#with option').length > 1")
	b.run("const w = document.getElementById('with'); w.value = w.options[1].value; w.dispatchEvent(new Event('change'))")
	b.until("document.querySelectorAll('.compare tbody tr').length > 3")
}

// fault is something that axe finds.
type fault struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Nodes  []string `json:"nodes"`
}

// accessible runs axe over the views, in both themes, wide and narrow. It must
// find nothing, be it serious or not; and no page may be wider than the window.
func accessible(t *testing.T, ctx context.Context) {
	t.Helper()
	script := axeScript(t)
	dir := filepath.Join(t.TempDir(), "site")
	if _, err := webui.Site(t.Context(), dir, siteOptions(t)); err != nil {
		t.Fatal(err)
	}
	page := pageFile(t, golden.Flow(t, "fire"))
	for _, v := range []struct {
		name, url string
		width     int64
		dark      bool
	}{
		{"article", page, 1440, false},
		{"article dark", page, 1440, true},
		{"article on a phone", page, 360, false},
		{"article on a phone, dark", page, 360, true},
		{"explorer", page + "#view=explorer", 1440, false},
		{"explorer dark", page + "#view=explorer", 1440, true},
		{"explorer on a phone", page + "#view=explorer", 360, false},
		{"explorer on a phone, dark", page + "#view=explorer", 360, true},
		{"explorer narrow", page + "#view=explorer&pane=search", 360, false},
		{"graph", page + "#view=explorer&mode=graph", 1440, false},
		{"graph dark", page + "#view=explorer&mode=graph", 1440, true},
		{"graph on a phone", page + "#view=explorer&mode=graph", 360, false},
		{"graph around a function on a phone", page + "#view=explorer&mode=graph&graph=around", 360, false},
		{"graph around a function", page + "#view=explorer&mode=graph&graph=around", 1440, false},
		{"graph on a phone, dark", page + "#view=explorer&mode=graph", 360, true},
		{"route", page + "#view=explorer&mode=route", 1440, false},
		{"route on a phone, dark", page + "#view=explorer&mode=route", 360, true},
		{"callers dark", page + "#view=explorer&mode=callers", 1440, true},
		{"path", page + "#view=explorer&mode=path", 1440, false},
		{"index", "file://" + dir + "/index.html", 1440, false},
		{"index dark", "file://" + dir + "/index.html", 1440, true},
		{"index on a phone", "file://" + dir + "/index.html", 360, false},
		{"index on a phone, dark", "file://" + dir + "/index.html", 360, true},
	} {
		b := open(t, ctx, "about:blank")
		scheme := "light"
		if v.dark {
			scheme = "dark"
		}
		b.do(
			chromedp.EmulateViewport(v.width, 900),
			command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}),
			chromedp.Navigate(v.url),
		)
		if strings.Contains(v.url, "explorer") {
			b.until("document.querySelectorAll('#view .row').length > 0")
			b.run("callroute.select(callroute.model.route[2]); callroute.go({pane: 'route'})")
		}
		if strings.Contains(v.name, "narrow") {
			b.run("callroute.go({pane: 'search'})")
		}
		if wide := b.says("document.documentElement.scrollWidth - innerWidth"); wide != "0" {
			t.Errorf("%s: the page is %s pixels too wide", v.name, wide)
		}
		if v.width < 400 && strings.Contains(v.url, "explorer") {
			if wide := b.says("Math.max(...[...document.querySelectorAll('.pane .scroll')].map((s) => s.scrollWidth - s.clientWidth))"); wide != "0" {
				t.Errorf("%s: a pane is %s pixels too wide", v.name, wide)
			}
		}
		if got := b.says("[...document.querySelectorAll('table')].every((t) => [...t.rows].every((r) => r.cells[0].getBoundingClientRect().left === t.rows[0].cells[0].getBoundingClientRect().left))"); got != "true" {
			t.Errorf("%s: the columns of a table do not stand under each other", v.name)
		}
		b.shot(v.name)
		b.run(script)
		found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]fault](`axe.run().then((r) => r.violations.map((v) => ({id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html + ' ' + n.failureSummary)})))`, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Errorf("%s: %s %s: %q", v.name, f.Impact, f.ID, f.Nodes[:min(3, len(f.Nodes))])
		}
	}
}

// shot keeps a picture of the page if CALLROUTE_SHOTS names a folder for them.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("CALLROUTE_SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// axeScript is axe, fetched for this test.
func axeScript(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(npm.Install(t, axe), "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}
