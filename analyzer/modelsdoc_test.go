package analyzer_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/system"
)

var fenced = regexp.MustCompile("(?ms)^```(\\w+)(?: (\\S+))?\n(.*?)^```$")

// TestModelsPage does what docs/MODELS.md says: without the model both handlers
// stand beside each other, with it each command arrives at its own.
func TestModelsPage(t *testing.T) {
	page, err := os.ReadFile("../docs/MODELS.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, block := range fenced.FindAllStringSubmatch(string(page), -1) {
		language, name, text := block[1], block[2], block[3]
		switch {
		case name != "":
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(text, "\n"); name == "callroute.yaml" && n > 15 {
				t.Errorf("callroute.yaml has %d lines, not fifteen", n)
			}
		case language == "yaml":
			if _, err := models.Parse("MODELS.md", []byte(text)); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		}
	}
	t.Setenv("GOPROXY", "off")

	plain, err := system.FromDirs([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	f := traceOf(t, plain, "off")
	for _, handler := range []string{"turnOn", "turnOff"} {
		if !slices.ContainsFunc(f.Nodes, func(n flow.Node) bool { return n.Func == "example.com/lamp/cmd/lampd."+handler }) {
			t.Errorf("without the model %s is not among what off can reach", handler)
		}
	}
	sys, err := system.Read(filepath.Join(dir, "callroute.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{"on": "turnOn", "off": "turnOff"} {
		f := traceOf(t, sys, command)
		var spine []string
		for _, id := range f.Spine {
			i := slices.IndexFunc(f.Nodes, func(n flow.Node) bool { return n.ID == id })
			spine = append(spine, f.Nodes[i].Func)
		}
		if last := spine[len(spine)-1]; last != "example.com/lamp/cmd/lampd."+want || len(f.Gaps) > 0 {
			t.Errorf("%s: %v, gaps %v", command, spine, f.Gaps)
		}
		if n := len(slices.DeleteFunc(slices.Clone(f.Nodes), func(n flow.Node) bool { return !strings.HasPrefix(n.Func, "example.com/lamp/cmd/lampd.turn") })); n != 1 {
			t.Errorf("%s reaches %d handlers", command, n)
		}
	}
}

func traceOf(t *testing.T, sys *system.System, command string) *flow.Flow {
	t.Helper()
	a, err := analyzer.Open(context.Background(), sys, analyzer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := a.Trace(t.Context(), analyzer.Query{Program: "lampctl", Command: []string{command}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}
