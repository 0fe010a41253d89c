//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The test binary is also the program that is scored: it prints the trace that
// its environment holds.
func TestMain(m *testing.M) {
	if trace, ok := os.LookupEnv("FIELD_TRACE"); ok {
		os.Stdout.WriteString(trace)
		return
	}
	os.Exit(m.Run())
}

const (
	tableText = `{"system": "mill", "repos": [{"mirror": "someone+mill", "rev": "REV"}], "cases": [{
		"run": ["mill", "grind"],
		"crossings": [
			{"kind": "http", "key": "POST /grind", "either": [{"program": "milld", "func": "a", "file": "a.go", "line": 1, "then": {"program": "milld", "func": "b", "file": "b.go", "line": 2}}]},
			{"kind": "queue", "key": "sacks", "to": {"program": "milld", "func": "b", "file": "b.go", "line": 2}}],
		"steps": [{"program": "milld", "func": "a", "file": "a.go", "line": 1}],
		"never": [{"program": "milld", "func": "c", "file": "c.go", "line": 3}]}]}`
	nodes = `"nodes": [{"id": 1, "component": "mill", "file": "m.go", "line": 9}, {"id": 2, "component": "milld", "file": "a.go", "line": 1},
		{"id": 3, "component": "milld", "file": "./b.go", "line": 2}, {"id": 4, "component": "milld", "file": "c.go", "line": 3}]`
)

func TestField(t *testing.T) {
	repos := t.TempDir()
	root := filepath.Join(repos, "mill")
	if err := os.Mkdir(root, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "-q"},
		{"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "first"},
	} {
		if out, err := exec.Command("git", append([]string{"-C", root}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	head, err := exec.Command("git", "-C", root, "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	table := filepath.Join(t.TempDir(), "mill.json")
	write := func(rev string) {
		if err := os.WriteFile(table, []byte(strings.Replace(tableText, "REV", rev, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, edges, spine string
		want               string
		held               bool
	}{
		{"all", `{"from": 1, "to": 2, "kind": "http"}, {"from": 2, "to": 3, "kind": "channel"}`, "1, 2, 3", "1 of 1 cases hold  crossings 2/2  steps 1/1  on the spine 1  never 0", true},
		{"of another kind", `{"from": 1, "to": 2, "kind": "grpc"}, {"from": 2, "to": 3, "kind": "channel"}`, "1, 2, 3", "0 of 1 cases hold  crossings 1/2", false},
		{"not on from there", `{"from": 1, "to": 2, "kind": "http"}, {"from": 1, "to": 3, "kind": "queue"}`, "1, 2", "0 of 1 cases hold  crossings 1/2", false},
		{"never", `{"from": 1, "to": 2, "kind": "http"}, {"from": 2, "to": 3, "kind": "queue"}`, "1, 2, 4", "never 1", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			write(strings.TrimSpace(string(head)))
			t.Setenv("FIELD_TRACE", "{"+nodes+`, "edges": [`+test.edges+`], "spine": [`+test.spine+`], "gaps": []}`)
			var out bytes.Buffer
			f := &field{callroute: self, repos: repos, only: regexp.MustCompile(""), timeout: time.Minute, out: &out}
			held, err := f.run([]string{table})
			if err != nil {
				t.Fatal(err)
			}
			if held != test.held || !strings.Contains(out.String(), test.want) {
				t.Errorf("held %t:\n%swant %t, %q", held, out.String(), test.held, test.want)
			}
		})
	}
	t.Run("another revision", func(t *testing.T) {
		write("0123")
		f := &field{callroute: self, repos: repos, only: regexp.MustCompile(""), timeout: time.Minute, out: &bytes.Buffer{}}
		if _, err := f.run([]string{table}); err == nil || !strings.Contains(err.Error(), "check out 0123") {
			t.Errorf("no word of the revision: %v", err)
		}
	})
}
