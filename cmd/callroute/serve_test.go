package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callroute/callroute/analyzer"
)

func TestServe(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main // kiln\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, write := io.Pipe()
	defer read.Close()
	f := &fake{query: new(analyzer.Query)}
	var said bytes.Buffer
	a := newApp(write, &said, func(string) string { return "" }, func(context.Context, sources, func(string)) (analysis, error) { return f, nil })
	done := make(chan exitCode, 1)
	go func() { done <- a.run(ctx, []string{"serve"}) }()
	url, err := bufio.NewReader(read).ReadString('\n')
	if err != nil || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("it says %q: %v", url, err)
	}
	url = strings.TrimSpace(url)
	for path, want := range map[string]string{
		"":                                "kilnd",
		"?program=kiln":                   "kiln glaze ls",
		"trace?program=kiln&command=fire": `id="explorer"`,
	} {
		answer, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s without %q: %v", path, answer.Status, want, err)
		}
	}
	if !f.query.Code {
		t.Error("the explorer asks for no code")
	}
	answer, err := http.Get(url + "source?program=kiln&file=main.go")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || string(text) != "package main // kiln\n" {
		t.Errorf("the source is %q: %v", text, err)
	}
	cancel()
	select {
	case code := <-done:
		if code != fine || said.Len() > 0 {
			t.Errorf("stopped, it ends with %d and says %q", code, said.String())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
}

func TestServeRefuses(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--addr", "0.0.0.0:0"}, "--remote"},
		{[]string{"--addr", ":0"}, "--remote"},
		{[]string{"--addr", "[::]:0"}, "--remote"},
		{[]string{"--addr", "kiln.example.org:0"}, "--remote"},
		{[]string{"--addr", "192.0.2.1:0"}, "--remote"},
		{[]string{"--addr", "8080"}, "not HOST:PORT"},
		{[]string{"--lang", "fr"}, "en and zh"},
		{[]string{"--editor", "ed"}, "vscode, goland, zed"},
		{[]string{"kiln"}, "no arguments"},
		{[]string{"--src", "a", "-f", "b"}, "exclude each other"},
	} {
		code, out, errs := call(t, &fake{}, append([]string{"serve"}, test.args...)...)
		if code != cannotRun || out != "" || !strings.Contains(errs, test.want) {
			t.Errorf("%q: exit %d, %q, %q", test.args, code, out, errs)
		}
	}
}
