package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/diagram"
	"github.com/callroute/callroute/analyzer/flow"
)

var updateDocs = flag.Bool("update-docs", false, "write what README.md and docs show of callroute")

// TestReadmeExamples holds the examples of README.md: below a line "$ callroute …"
// stands what that command prints, or how it begins if the last line is "…".
//
//	go test ./cmd/callroute -run 'TestReadme|TestPicture|TestCLI' -update-docs
func TestReadmeExamples(t *testing.T) {
	slow(t, "the examples in README.md trace the engine")
	t.Setenv("CALLROUTE_CACHE", t.TempDir())
	t.Chdir("../..")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(readme), "\n")
	var fresh strings.Builder
	examples := 0
	for i := 0; i < len(lines); i++ {
		fresh.WriteString(lines[i])
		command, found := strings.CutPrefix(lines[i], "    $ callroute ")
		if !found {
			continue
		}
		examples++
		end := i + 1
		for end < len(lines) && (strings.HasPrefix(lines[end], "    ") || lines[end] == "\n") {
			end++
		}
		shown := strings.TrimRight(strings.Join(lines[i+1:end], ""), "\n") + "\n"
		text, begins := strings.CutSuffix(shown, "    …\n")
		said := indented(printed(t, strings.Fields(command)))
		switch {
		case *updateDocs && !begins:
		case *updateDocs:
			said = strings.Join(strings.SplitAfterN(said, "\n", beginning+1)[:beginning], "") + "    …\n"
		case !begins && said != text, begins && !strings.HasPrefix(said, text):
			t.Errorf("callroute %s prints\n%s\nbut README.md says\n%s", strings.TrimSpace(command), said, shown)
		}
		fresh.WriteString(said + "\n")
		i = end - 1
	}
	if examples == 0 {
		t.Error("README.md has no example")
	}
	if *updateDocs {
		if err := os.WriteFile("README.md", []byte(fresh.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// beginning is how many lines a long example has.
const beginning = 26

// printed is what callroute prints in the current folder.
func printed(t *testing.T, args []string) string {
	t.Helper()
	var out, errs bytes.Buffer
	a := newApp(&out, &errs, os.Getenv, openAnalyzer)
	if code := a.run(t.Context(), args); code != fine {
		t.Fatalf("callroute %s: exit %d: %s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// The first screen of README.md is for people who know none of our words.
func TestReadmeFirstScreen(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	first, _, found := strings.Cut(string(readme), "\n## ")
	if !found {
		t.Fatal("README.md has no sections")
	}
	for _, word := range []string{"spine", "departure", "arrival", "finder", "idiom", "summary", "stitch", "provenance", "fold"} {
		if strings.Contains(strings.ToLower(first), word) {
			t.Errorf("the first screen of README.md says %q", word)
		}
	}
}

// TestPicture holds docs/engine-run.svg in step.
func TestPicture(t *testing.T) {
	slow(t, "the picture in README.md is of a route through the engine")
	t.Chdir("../..")
	an, err := openAnalyzer(t.Context(), sources{file: systemFile}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := diagram.Portrait(&out, traced(t, an, flow.Command{Words: []string{"run"}}), diagram.Options{}); err != nil {
		t.Fatal(err)
	}
	inStep(t, "docs/engine-run.svg", out.Bytes())
}

// inStep compares a file with what it should be, or writes it.
func inStep(t *testing.T, name string, want []byte) {
	t.Helper()
	if *updateDocs {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(name); err != nil || !bytes.Equal(have, want) {
		t.Errorf("%s is not what it is made of; run this test with -update-docs (%v)", name, err)
	}
}
