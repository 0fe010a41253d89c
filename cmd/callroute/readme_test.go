package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The example in the README is how the output of the command begins. It ends
// with a line that says … for the rest.
func TestReadmeExample(t *testing.T) {
	const prompt = "    $ callroute "
	t.Setenv("CALLROUTE_CACHE", t.TempDir())
	t.Chdir("../..")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(readme), prompt)
	if !found {
		t.Fatal("README.md has no example")
	}
	example, _, found = strings.Cut(example, "    …\n")
	if !found {
		t.Fatal("the example in README.md has no end")
	}
	command, shown, _ := strings.Cut(example, "\n")

	var out, errs bytes.Buffer
	a := newApp(&out, &errs, os.Getenv, openAnalyzer)
	if code := a.run(t.Context(), strings.Fields(command)); code != fine {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	var want strings.Builder
	for line := range strings.Lines(shown) {
		want.WriteString(strings.TrimPrefix(line, "    "))
	}
	if !strings.HasPrefix(out.String(), want.String()) {
		t.Errorf("callroute %s prints\n%s\nbut README.md says\n%s", command, out.String(), want.String())
	}
}
