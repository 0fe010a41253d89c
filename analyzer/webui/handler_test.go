package webui_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/golden"
	"github.com/callroute/callroute/analyzer/webui"
)

// request asks a handler, as a browser on this machine does unless change says
// otherwise.
func request(t *testing.T, h http.Handler, method, url string, change func(*http.Request)) (status int, text string) {
	t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:1234"+url, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func get(t *testing.T, h http.Handler, url string) (status int, text string) {
	t.Helper()
	return request(t, h, http.MethodGet, url, nil)
}

func TestHandler(t *testing.T) {
	k := &kiln{t: t}
	h := webui.Handler(t.Context(), k, webui.ServeOptions{})
	for _, want := range []struct {
		url    string
		status int
		text   string
	}{
		{"/", 200, `<a href="/?command=&amp;program=kiln-test#program-kiln-test">kiln-test</a>`},
		{"/survey", 200, `"done":`},
		{"/?program=kiln", 200, "/trace?command=fire&amp;program=kiln"},
		{"/?program=nobody", 404, "no such program"},
		{"/trace?program=kiln&command=fire", 200, `id="explorer"`},
		{"/trace?program=kiln&command=crack", 422, "no command"},
		{"/trace?program=kiln&command=%3Cb%3E", 422, "&lt;b&gt;"},
		{"/trace?line=+kiln++fire", 200, "kiln fire"},
		{"/trace", 400, ""},
		{"/data?program=kiln&command=fire", 200, `"title":"kiln fire"`},
		{"/commands?program=kiln", 200, `"title":"kiln glaze"`},
		{"/assets/explorer.js", 200, "class Explorer"},
		{"/assets/page.html", 404, ""},
		{"/assets/..%2fpage.go", 404, ""},
		{"/nothing", 404, ""},
		{"/job?id=nothing", 200, `"done":true`},
	} {
		if status, text := get(t, h, want.url); status != want.status || !strings.Contains(text, want.text) {
			t.Errorf("%s: %d, want %d with %q: %.200s", want.url, status, want.status, want.text, text)
		}
	}
	if k.traced != 3 {
		t.Errorf("%d traces: those that succeed are to be kept, those that fail not", k.traced)
	}
}

// surveyed waits until a server has looked at all programs.
func surveyed(t *testing.T, h http.Handler) {
	t.Helper()
	for {
		if _, text := get(t, h, "/survey"); strings.Contains(text, `"ended":true`) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// TestHandlerSurveys checks that a server opens as a site does, with all that it
// learns about the programs without being asked, and asks for it once.
func TestHandlerSurveys(t *testing.T) {
	k := &kiln{t: t}
	h := webui.Handler(t.Context(), k, webui.ServeOptions{})
	surveyed(t, h)
	for range 3 {
		get(t, h, "/trace?program=kiln&command=fire")
		_, text := get(t, h, "/")
		for _, want := range []string{
			`<svg class="map"`, `<a href="/trace?command=fire&amp;program=kiln">kiln fire</a> <span class="says">Heat the kiln</span>`,
			"kilnd POST /fire", "no program is called tongs", `id="q"`, `rel="icon"`, "kiln from main on",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the index has no %q:\n%s", want, text)
			}
		}
		if strings.Contains(text, `id="survey"`) {
			t.Error("it says that it goes on")
		}
	}
	if got := strings.Join(k.listed, " "); got != "kiln kilnd" || k.traced != 1 {
		t.Errorf("the source was asked for the commands of %s, and for %d routes", got, k.traced)
	}
	if status, text := get(t, h, "/?program=kiln-test"); status != 200 || !strings.Contains(text, "kiln-test fire") && !strings.Contains(text, "program-kiln-test") {
		t.Errorf("%d %s", status, text)
	}
}

// TestHandlerSurveyFails checks that what cannot be known is said at its program,
// and the rest is there.
func TestHandlerSurveyFails(t *testing.T) {
	h := webui.Handler(t.Context(), &cracked{kiln{t: t}}, webui.ServeOptions{Lang: article.Chinese})
	surveyed(t, h)
	_, text := get(t, h, "/")
	for _, want := range []string{"kiln.go:3: no &lt;glaze&gt;", "重试", "kilnd POST /fire", "no map"} {
		if !strings.Contains(text, want) {
			t.Errorf("the index has no %q:\n%s", want, text)
		}
	}
}

// cracked is a source of which a program does not load.
type cracked struct{ kiln }

func (c *cracked) Commands(ctx context.Context, program string, progress func(string)) ([]flow.Command, error) {
	if program == "kiln" {
		return nil, errors.New("kiln.go:3: no <glaze>")
	}
	return c.kiln.Commands(ctx, program, progress)
}

func (c *cracked) Endpoints(context.Context, func(string)) (*flow.Endpoints, error) {
	return nil, errors.New("no map")
}

func TestHandlerGuards(t *testing.T) {
	local := webui.Handler(t.Context(), &kiln{t: t}, webui.ServeOptions{})
	remote := webui.Handler(t.Context(), &kiln{t: t}, webui.ServeOptions{Remote: true, Host: "kiln.example.org"})
	host := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.Host = name }
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, test := range []struct {
		name    string
		handler http.Handler
		method  string
		change  func(*http.Request)
		want    int
	}{
		{"loopback", local, "GET", host("127.0.0.1:80"), 200},
		{"loopback, IPv6", local, "GET", host("[::1]:80"), 200},
		{"localhost", local, "GET", host("localhost"), 200},
		{"rebinding", local, "GET", host("evil.example:80"), 403},
		{"rebinding that looks local", local, "GET", host("127.0.0.1.evil.example"), 403},
		{"no host", local, "GET", host(""), 403},
		{"an address of the machine", local, "GET", host("192.0.2.1:80"), 403},
		{"an address, allowed", remote, "GET", host("192.0.2.1:80"), 200},
		{"its name, allowed", remote, "GET", host("Kiln.Example.Org:80"), 200},
		{"another name", remote, "GET", host("evil.example:80"), 403},
		{"script of another site", local, "GET", header("Sec-Fetch-Site", "cross-site"), 403},
		{"cancel from another site", local, "POST", header("Origin", "http://evil.example"), 403},
		{"cancel from here", local, "POST", header("Origin", "http://127.0.0.1:1234"), 204},
	} {
		url := "/"
		if test.method == "POST" {
			url = "/cancel?id=x"
		}
		if status, text := request(t, test.handler, test.method, url, test.change); status != test.want {
			t.Errorf("%s: %d, want %d: %s", test.name, status, test.want, text)
		}
	}
	w := httptest.NewRecorder()
	local.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/", nil))
	if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
}

// leaky is a source whose trace names files that are not its own.
type leaky struct{ kiln }

func (l *leaky) Trace(context.Context, string, []string, func(string)) (*flow.Flow, error) {
	f := golden.Flow(l.t, "fire")
	for i, name := range []string{"own.go", "../secret.go", "link.go", "/etc/passwd", "folder", "missing.go", "inside.go"} {
		n := &f.Nodes[i]
		n.Component, n.File = f.Components[0].Name, name
	}
	f.Components[0].Dir = "tree"
	return f, nil
}

func TestHandlerReadsOnlySources(t *testing.T) {
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	for name, text := range map[string]string{"secret.go": "SECRET", "tree/own.go": "package own", "tree/other.go": "package other", "tree/folder/x.go": "package x"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link.go": "../secret.go", "inside.go": "own.go"} {
		if err := os.Symlink(to, filepath.Join(tree, link)); err != nil {
			t.Fatal(err)
		}
	}
	h := webui.Handler(t.Context(), &leaky{kiln{t: t}}, webui.ServeOptions{Roots: map[string]string{"tree": tree}})
	program := golden.Flow(t, "fire").Components[0].Name
	ask := func(file string) (int, string) {
		t.Helper()
		return get(t, h, "/source?program="+program+"&file="+file)
	}
	if status, _ := ask("own.go"); status != 404 {
		t.Errorf("before a trace names it, a file is read: %d", status)
	}
	if status, text := get(t, h, "/trace?program=kiln&command=fire"); status != 200 {
		t.Fatal(text)
	}
	for file, want := range map[string]int{
		"own.go": 200, "inside.go": 200, // a link that stays inside
		"other.go":     404, // no trace names it
		"../secret.go": 404, "%2e%2e/secret.go": 404, "link.go": 404, "/etc/passwd": 404, "folder": 404, "missing.go": 404, "": 404,
		"./own.go": 404, "folder/../own.go": 404, "own.go%00": 404,
	} {
		status, text := ask(file)
		if status != want || strings.Contains(text, "SECRET") || status == 404 && strings.Contains(text, dir) {
			t.Errorf("%q: %d, want %d: %s", file, status, want, text)
		}
	}
}

func TestHandlerWaitsAndCancels(t *testing.T) {
	k := &kiln{t: t, block: make(chan struct{})}
	server := httptest.NewServer(webui.Handler(t.Context(), k, webui.ServeOptions{}))
	defer server.Close()
	ask := func(method, url string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+url, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	const page, job = "/trace?program=kiln&command=fire", "?id=trace+kiln+fire"
	if status, text := ask("GET", page); status != 202 || !strings.Contains(text, "Cancel") {
		t.Fatalf("%d %s", status, text)
	}
	if _, text := ask("GET", "/job"+job); !strings.Contains(text, "heating") || strings.Contains(text, `"done":true`) {
		t.Errorf("the job says %s", text)
	}
	if status, _ := ask("POST", "/cancel"+job); status != 204 {
		t.Errorf("cancel: %d", status)
	}
	for i := 0; ; i++ {
		if _, text := ask("GET", "/job"+job); strings.Contains(text, `"done":true`) {
			break
		}
		if i == 100 {
			t.Fatal("the job does not end")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if status, text := ask("GET", page); status != 422 || !strings.Contains(text, "cancelled") {
		t.Errorf("%d %s", status, text)
	}
	close(k.block)
	if status, _ := ask("GET", page); status != 200 {
		t.Errorf("after it was cancelled, a command cannot be asked for again: %d", status)
	}
}
