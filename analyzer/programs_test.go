package analyzer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// TestSummaryOfAnyOrder checks that the summary of a program is plain data that
// does not tell what was loaded before it.
func TestSummaryOfAnyOrder(t *testing.T) {
	alone := summaryOf(t, "relayd")
	if after := summaryOf(t, "relay", "courier", "relayd"); after != alone {
		t.Errorf("after two others the summary of relayd is another one, of %d bytes in place of %d", len(after), len(alone))
	}
	if len(alone) < 1000 {
		t.Errorf("the summary is only %s", alone)
	}
}

// summaryOf analyzes programs of the relay one after the other, and returns the
// summary of the last.
func summaryOf(t *testing.T, names ...string) string {
	t.Helper()
	sys, err := system.FromDirs([]string{"../testdata/relay"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), sys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for _, name := range names {
		p, err := a.program(name)
		if err != nil {
			t.Fatal(err)
		}
		exe, err := a.programs.Get(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if text, err = json.Marshal(exe); err != nil {
			t.Fatal(err)
		}
		for id := range summary.ID(exe.NumFuncs()) {
			f, err := json.Marshal(exe.Func(id))
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, f...)
		}
	}
	return string(text)
}

// TestProgress checks that every message says how much is done, also inside of one
// program, and that it never becomes less.
func TestProgress(t *testing.T) {
	sys, err := system.FromDirs([]string{"../testdata/relay"})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	a, err := Open(t.Context(), sys, Options{Progress: func(s string) { said = append(said, s) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Commands(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	last := -1
	var shares []int
	for _, s := range said {
		share, program, all := 0, 0, 0
		if n, _ := fmt.Sscanf(s, "%d%%, program %d of at most %d:", &share, &program, &all); n != 3 || share < last || share > 100 {
			t.Errorf("after %d%%: %q", last, s)
		}
		last = share
		shares = append(shares, share)
	}
	if n := len(slices.Compact(shares)); n <= 2*len(a.Programs()) {
		t.Errorf("%d programs give %d shares only: %v", len(a.Programs()), n, shares)
	}
	if !strings.Contains(strings.Join(said, "\n"), fmt.Sprintf(" of %d kinds", len(finders))) {
		t.Error("it does not say how many finders there are")
	}
}

func TestCommandsSay(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/kiln\n\ngo 1.24\n",
		"main.go": `package main

import "net/http"

// main opens the door.
func main() {
	http.HandleFunc("POST /fire", fire)
	http.ListenAndServe(":80", nil)
}

// fire heats the kiln. It takes hours.
func fire(http.ResponseWriter, *http.Request) {}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sys, err := system.FromDirs([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), sys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	commands, err := a.Commands(t.Context(), "")
	if err != nil || len(commands) != 2 || commands[0].Says != "opens the door." || commands[1].Says != "heats the kiln." {
		t.Errorf("%+v: %v", commands, err)
	}
}
