package diagram_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/npm"
)

// samples are the golden diagrams with one suffix, and one of a flow whose
// names are made to break them.
func samples(t *testing.T, suffix string) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/golden/*" + suffix)
	if err != nil || len(files) < 5 {
		t.Fatalf("%d golden files with %s: %v", len(files), suffix, err)
	}
	evil := "a\"b`c <script> [x](y) {z} ; end\n@enduml %% #quot; --> |p|"
	f := &flow.Flow{
		Schema: flow.Schema, Program: evil, Command: []string{evil}, Root: 1, Spine: []int{1, 2},
		Components: []flow.Component{{Name: evil, Package: evil, Version: evil}, {Name: "end"}},
		Nodes:      []flow.Node{{ID: 1, Component: evil, Func: evil, File: evil}, {ID: 2, Component: "end", Func: "class.end"}, {ID: 3, Component: evil, Func: "参数"}},
		Edges: []flow.Edge{
			{From: 1, To: 2, Kind: flow.HTTP, Detail: evil, Under: []string{evil}, Label: evil},
			{From: 1, To: 3, Kind: flow.Channel, Detail: evil},
		},
		Gaps: []flow.Gap{{After: 2, Kind: flow.Exec, Detail: evil, Reason: evil, Hint: evil}},
	}
	view, ok := views[strings.TrimPrefix(suffix, ".")]
	if !ok {
		t.Fatalf("no view writes %s", suffix)
	}
	for name, f := range map[string]*flow.Flow{"hostile": f, "big": big(60)} {
		file, err := os.Create(filepath.Join(t.TempDir(), name+suffix))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := view(file, f); err != nil {
			t.Fatal(err)
		}
		files = append(files, file.Name())
	}
	return files
}

// TestMermaidReads has Mermaid's own parser read what we write, and every
// diagram in docs/flows.
func TestMermaidReads(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches Mermaid")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		npm.Missing(t, "%v", err)
	}
	flows, err := filepath.Glob("../../docs/flows/*.md")
	flows = slices.DeleteFunc(flows, func(f string) bool { return filepath.Base(f) == "README.md" })
	if err != nil || len(flows) < 10 {
		t.Fatalf("%d articles in docs/flows: %v", len(flows), err)
	}
	modules := npm.Install(t, "mermaid@11.12.0", "jsdom@24.1.3")
	text, err := os.ReadFile("testdata/parse.mjs")
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(filepath.Dir(modules), "parse.mjs") // it imports from beside itself
	if err := os.WriteFile(script, text, 0o600); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.mmd")
	if err := os.WriteFile(broken, []byte("flowchart TB\n  a[[\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := append(append(samples(t, ".mmd"), flows...), broken)
	for i, f := range files {
		if files[i], err = filepath.Abs(f); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), node, append([]string{script}, files...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	read, refused := 0, false
	for line := range strings.Lines(string(out)) {
		switch {
		case strings.HasPrefix(line, broken):
			refused = true
		case strings.HasSuffix(line, " read\n"):
			if _, err := fmt.Sscan(line, &read); err != nil {
				t.Fatal(err)
			}
		case strings.Contains(line, ".md: ") || strings.Contains(line, ".mmd: "):
			t.Error(line)
		}
	}
	if !refused {
		t.Errorf("the parser took a broken diagram: %s", out)
	}
	if read < len(files)-1 {
		t.Errorf("%d diagrams of %d files were read: %s", read, len(files)-1, out)
	}
}

// TestPlantUMLReads has PlantUML check what we write.
func TestPlantUMLReads(t *testing.T) {
	plantuml, err := exec.LookPath("plantuml")
	if err != nil {
		npm.Missing(t, "%v", err)
	}
	check := func(text string) error {
		cmd := exec.CommandContext(t.Context(), plantuml, "-syntax")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	if check("@startuml\na -> b\nfoo bar ((\n@enduml\n") == nil {
		t.Error("it takes a broken diagram")
	}
	for _, name := range samples(t, ".puml") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(string(text)); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
