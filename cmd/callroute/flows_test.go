package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/diagram"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

var updateFlows = flag.Bool("update-flows", false, "write docs/flows")

// TestFlows holds docs/flows, a page for each command of the engine, in step with
// the engine's source. The pages are what a person reads: tables without line
// numbers, so that they change only where a route does. All else that a trace
// says is held by a digest of each.
//
//	go test ./cmd/callroute -run TestFlows -update-flows
func TestFlows(t *testing.T) {
	slow(t, "the routes of all commands of the engine take a minute")
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
	var index, digests bytes.Buffer
	index.WriteString("# Flows of the engine\n\nA page for each command of the reference engine, written by callroute from its\nsource. `go test ./cmd/callroute -run TestFlows -update-flows` writes them\nagain; the test fails where they differ. `callroute trace engine COMMAND --format\nmd` writes the whole article, with the code. [digests.txt](digests.txt) holds the\nrest of each trace in step, line numbers apart.\n\n")
	for _, c := range commands {
		if c.Kind != flow.Registration || !told(c) {
			continue
		}
		name := strings.Join(c.Words, "-") + ".md"
		f := traced(t, an, c)
		pages[name] = page(t, f)
		fmt.Fprintf(&index, "- [engine %s](%s)\n", strings.Join(c.Words, " "), name)
		fmt.Fprintf(&digests, "%s  %s\n", digest(t, f), strings.Join(c.Words, " "))
	}
	if len(pages) < 20 {
		t.Fatalf("only %d commands were found", len(pages))
	}
	pages["README.md"], pages["digests.txt"] = index.Bytes(), digests.Bytes()
	inStepWith(t, filepath.Join(root, "docs", "flows"), pages)
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

// traced is the flow of a command, without what changes with each commit.
func traced(t *testing.T, an analysis, c flow.Command) *flow.Flow {
	t.Helper()
	f, err := an.Trace(context.WithoutCancel(t.Context()), analyzer.Query{Program: "engine", Command: c.Words})
	if err != nil {
		t.Fatalf("engine %v: %v", c.Words, err)
	}
	for i := range f.Components {
		f.Components[i].Version, f.Components[i].Web = "", ""
	}
	return f
}

// page is what a person reads of a flow.
func page(t *testing.T, f *flow.Flow) []byte {
	t.Helper()
	var sequence strings.Builder
	if err := diagram.Sequence(&sequence, f, diagram.Options{}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := article.Markdown(&out, f, article.Options{Sequence: sequence.String(), Tables: true, NoLines: true}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var lineNumber = regexp.MustCompile(`"(line|endLine|at)": \d+`)

// digest is of all that a trace says, but for line numbers.
func digest(t *testing.T, f *flow.Flow) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.JSON(&out, f); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lineNumber.ReplaceAll(out.Bytes(), nil))
	return hex.EncodeToString(sum[:8])
}

// inStepWith holds the pages against a folder, or writes it.
func inStepWith(t *testing.T, dir string, pages map[string][]byte) {
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
