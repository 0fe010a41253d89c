package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// machine has a cache and a copy of the sources at a place of its own.
type machine struct {
	*testing.T
	cache, tree string
	said        []string // by the analyzer
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{T: t, cache: t.TempDir(), tree: filepath.Join(t.TempDir(), "relay")}
	if err := os.CopyFS(m.tree, os.DirFS("../../testdata/relay")); err != nil {
		t.Fatal(err)
	}
	return m
}

// run carries out one command line, on the sources if it has flags for them.
func (m *machine) run(args ...string) (stdout, stderr string, code exitCode) {
	m.said = nil
	var out, errs bytes.Buffer
	getenv := func(name string) string {
		if name == "CALLROUTE_CACHE" {
			return m.cache
		}
		return ""
	}
	open := func(ctx context.Context, s sources, progress func(string)) (analysis, error) {
		return openAnalyzer(ctx, s, func(what string) {
			m.said = append(m.said, what)
			progress(what)
		})
	}
	code = newApp(&out, &errs, getenv, open).run(m.Context(), args)
	return out.String(), errs.String(), code
}

func (m *machine) ok(args ...string) string {
	m.Helper()
	out, errs, code := m.run(append(args, "--src", m.tree)...)
	if code != fine {
		m.Fatalf("%q: %s", args, errs)
	}
	return out
}

func (m *machine) analyzed() bool {
	return strings.Contains(strings.Join(m.said, "\n"), "type-checking")
}

// TestIndex has one machine push an index into a registry, and others make the same
// one in parts and answer from it.
func TestIndex(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	home := t.TempDir()
	t.Setenv("DOCKER_CONFIG", home)
	t.Setenv("GOPROXY", "off")
	repo := strings.TrimPrefix(server.URL, "http://") + "/team/index"

	first := newMachine(t)
	list := strings.Fields(first.ok("index", "list"))
	if len(list) < 3 {
		t.Fatalf("the programs are %q", list)
	}
	pushed := first.ok("index", "push", repo)
	ref, digest, found := strings.Cut(strings.TrimSpace(pushed), "@")
	if !found || !first.analyzed() || !strings.HasPrefix(ref, repo+":") {
		t.Fatalf("pushed %q", pushed)
	}
	if again := first.ok("index", "push", repo); again != pushed || first.analyzed() {
		t.Errorf("pushed again it is %q, not %q", again, pushed)
	}

	parts := t.TempDir()
	merged := newMachine(t)
	for i, program := range list {
		worker := newMachine(t)
		part := "oci:" + filepath.Join(parts, program)
		worker.ok("index", "build", program)
		worker.ok("index", "push", part, program)
		if i%2 == 0 {
			merged.ok("index", "pull", part)
		}
	}
	for i, program := range list {
		if i%2 == 1 {
			merged.ok("index", "pull", "oci:"+filepath.Join(parts, program))
		}
	}
	if out := merged.ok("index", "push", repo+":merged"); !strings.HasSuffix(out, "@"+digest+"\n") || merged.analyzed() {
		t.Errorf("merged it is %q, not %s", out, digest)
	}

	second := newMachine(t)
	want := second.ok("trace", "--no-cache", "--json", "relay", "send")
	second.ok("index", "pull", repo)
	if have := second.ok("trace", "--json", "relay", "send"); have != want || second.analyzed() {
		t.Errorf("from the index, analyzed: %v, the same: %v", second.analyzed(), have == want)
	}
	edited := filepath.Join(second.tree, "cmd", "relayd", "main.go")
	text, err := os.ReadFile(edited)
	if err == nil {
		err = os.WriteFile(edited, append(text, "\nvar _ = 1\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	second.ok("trace", "--json", "relay", "send")
	said := strings.Join(second.said, "\n") + "\n"
	if !strings.Contains(said, "summing up relayd\n") || strings.Contains(said, "summing up relay\n") {
		t.Errorf("after an edit of relayd it said %q", second.said)
	}
}

func TestIndexOfBadInput(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	m := newMachine(t)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"index", "share"}, `index has no verb "share"; it has build, list, pull and push`},
		{[]string{"index", "push"}, "push to where?"},
		{[]string{"index", "pull"}, "pull what?"},
		{[]string{"index", "push", "index"}, `"index" is no reference; write HOST/REPOSITORY:TAG, or oci:FOLDER`},
		{[]string{"index", "push", "https://host/index"}, "is no reference"},
		{[]string{"index", "push", host + "/Team/index"}, "is no reference"},
		{[]string{"index", "pull", "oci:"}, "oci: names no folder"},
		{[]string{"index", "pull", host + "/team/index:none"}, "there is no such artifact"},
		{[]string{"index", "pull", "oci:" + t.TempDir()}, "there is no such artifact"},
		{[]string{"index", "pull", "127.0.0.1:1/team/index:v1"}, "connection refused"},
		{[]string{"index", "build", "--src", m.tree, "rely"}, `no program "rely"; did you mean relay`},
	} {
		out, errs, code := m.run(test.args...)
		if code != cannotRun || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, test.want) {
			t.Errorf("%q: exit %d, %q, %q; want %q", test.args, code, out, errs, test.want)
		}
	}
}
