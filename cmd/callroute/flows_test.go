package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

var updateFlows = flag.Bool("update-flows", false, "write docs/flows")

// TestFlows holds docs/flows, an article for each command of the engine, in step
// with the engine's source.
//
//	go test ./cmd/callroute -run TestFlows -update-flows
func TestFlows(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	an, err := openAnalyzer(t.Context(), sources{file: filepath.Join(root, systemFile)}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	commands, err := an.Commands(t.Context(), "engine")
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string][]byte{}
	var index bytes.Buffer
	index.WriteString("# Flows of the engine\n\nAn article for each command of the reference engine, written by callroute from\nits source. `go test ./cmd/callroute -run TestFlows -update-flows` writes them\nagain; the test fails where they differ.\n\n")
	for _, c := range commands {
		if c.Kind != flow.Registration || !told(c) {
			continue
		}
		name := strings.Join(c.Words, "-") + ".md"
		pages[name] = page(t, an, c)
		fmt.Fprintf(&index, "- [engine %s](%s)\n", strings.Join(c.Words, " "), name)
	}
	if len(pages) < 20 {
		t.Fatalf("only %d commands were found", len(pages))
	}
	pages["README.md"] = index.Bytes()
	compare(t, filepath.Join(root, "docs", "flows"), pages)
}

// told reports whether a command has a page: one that does something, under its
// short name. "engine container update" is "engine update".
func told(c flow.Command) bool {
	if c.Hidden || len(c.Words) == 0 || strings.HasSuffix(c.Func, ".unknownCommand") {
		return false
	}
	switch c.Words[0] {
	case "container", "image", "help", "completion":
		return false
	}
	return true
}

// page is the article of a command, without what changes with each commit.
func page(t *testing.T, an analysis, c flow.Command) []byte {
	t.Helper()
	o := &traceOptions{view: view{output: output{app: &app{}}}}
	if err := o.view.format.Set("md"); err != nil {
		t.Fatal(err)
	}
	o.query.Program, o.query.Command, o.query.Code = "engine", c.Words, true
	f, err := an.Trace(context.WithoutCancel(t.Context()), o.query)
	if err != nil {
		t.Fatalf("engine %v: %v", c.Words, err)
	}
	for i := range f.Components {
		f.Components[i].Version, f.Components[i].Web = "", ""
	}
	var out bytes.Buffer
	if err := o.view.format.view(&out, f, viewOptions{lang: "en"}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// compare holds the pages against a folder, or writes it.
func compare(t *testing.T, dir string, pages map[string][]byte) {
	t.Helper()
	if *updateFlows {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range pages {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	for name, text := range pages {
		have, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(have, text) {
			t.Errorf("docs/flows/%s is not what the source says now; run go test ./cmd/callroute -run TestFlows -update-flows", name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if pages[e.Name()] == nil {
			t.Errorf("docs/flows/%s is of no command", e.Name())
		}
	}
}
