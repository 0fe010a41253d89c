package analyzer_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/internal/scenario"
	"github.com/callroute/callroute/analyzer/store"
	"github.com/callroute/callroute/analyzer/system"
)

// TestWarm checks that what an earlier run kept gives the same bytes as an analysis,
// for every question, and that nothing is analyzed then.
func TestWarm(t *testing.T) {
	for _, name := range []string{
		"http-wrapper-three-deep", "http-many-programs", "tree-without-go-mod", "go-work-of-three-modules", "exec-of-oneself",
		"relay-five-processes", "system-file-aliases-and-choices", "work-by-topic", "http-generated-servers",
	} {
		file := "../testdata/scenarios/" + name + ".txtar"
		data, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			t.Errorf("no scenario %s", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			s, err := scenario.Parse(filepath.Base(file), data)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if _, err := s.Unpack(dir, "../testdata"); err != nil {
				t.Fatal(err)
			}
			t.Setenv("GOFLAGS", goflags(s))
			t.Setenv("GOPROXY", "off")
			w := &warm{T: t, store: t.TempDir(), sources: s.Sources(dir), file: s.SystemFile(dir)}
			without := w.answers(nil, s)
			cold, analyzed := w.run(s)
			if !analyzed {
				t.Error("the first run with a store analyzed nothing")
			}
			if !bytes.Equal(cold, without) {
				t.Errorf("with a store the answers are others:\n%s", firstDifference(without, cold))
			}
			for range 2 {
				again, analyzed := w.run(s)
				if analyzed {
					t.Errorf("it was analyzed again: %s", w.said)
				}
				if !bytes.Equal(again, cold) {
					t.Errorf("from the store the answers are others:\n%s", firstDifference(cold, again))
				}
			}
		})
	}
}

// warm asks about one system again and again.
type warm struct {
	*testing.T
	store, file string
	sources     []string
	said        []string
}

// run asks everything in a new process, as far as the store can tell.
func (w *warm) run(s *scenario.Scenario) (answers []byte, analyzed bool) {
	w.Helper()
	w.said = nil
	answers = w.answers(store.Open(w.store, 0, func(err error) { w.Error(err) }), s)
	return answers, strings.Contains(strings.Join(w.said, "\n"), "type-checking")
}

func (w *warm) answers(st *store.Store, s *scenario.Scenario) []byte {
	w.Helper()
	sys, err := system.FromDirs(w.sources)
	if w.file != "" {
		sys, err = system.Read(w.file)
	}
	if err != nil {
		w.Fatal(err)
	}
	a, err := analyzer.Open(w.Context(), sys, analyzer.Options{Store: st, Progress: func(what string) { w.said = append(w.said, what) }})
	if err != nil {
		w.Fatal(err)
	}
	var all []any
	for _, trace := range s.Traces {
		f, err := a.Trace(w.Context(), analyzer.Query{Program: trace.Program, Command: trace.Command})
		if err != nil {
			w.Fatal(err)
		}
		all = append(all, f)
	}
	commands, err := a.Commands(w.Context(), "")
	if err != nil {
		w.Fatal(err)
	}
	endpoints, err := a.Endpoints(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	text, err := json.MarshalIndent(append(all, commands, endpoints), "", " ")
	if err != nil {
		w.Fatal(err)
	}
	return text
}

// TestStale checks what a change of a source costs, and that the answers are always
// those of an analysis without a store.
func TestStale(t *testing.T) {
	const kiln, notes = "package main\n\nimport \"os\"\n\n// main fires.\nfunc main() { fire() }\n\nfunc fire() { os.WriteFile(\"kiln\", nil, 0o600) } // hot\n", "package main\n"
	for name, test := range map[string]struct {
		change   func(write func(name, text string))
		analyzed bool
	}{
		"nothing":       {func(func(string, string)) {}, false},
		"written again": {func(write func(string, string)) { write("kiln.go", kiln) }, false},
		"a comment": {func(write func(string, string)) {
			write("kiln.go", strings.Replace(kiln, "main fires", "main burns", 1))
		}, false},
		"a line more": {func(write func(string, string)) {
			write("kiln.go", strings.Replace(kiln, "// main", "// Or:\n// main", 1))
		}, true},
		"a call": {func(write func(string, string)) {
			write("kiln.go", strings.Replace(kiln, "{ fire()", "{ fire(); fire()", 1))
		}, true},
		"a file":            {func(write func(string, string)) { write("more.go", "package main\n\nfunc init() { fire() }\n") }, true},
		"a program":         {func(write func(string, string)) { write("glaze/main.go", "package main\n\nfunc main() {}\n") }, true},
		"a test":            {func(write func(string, string)) { write("kiln_test.go", "package main\n") }, false},
		"go.mod":            {func(write func(string, string)) { write("go.mod", "module example.com/other\n\ngo 1.24\n") }, true},
		"a missing package": {func(write func(string, string)) { write("notes.go", notes+"import _ \"example.com/kiln/glaze\"\n") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) {
				name = filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("go.mod", "module example.com/kiln\n\ngo 1.24\n")
			write("kiln.go", kiln)
			write("notes.go", notes)
			w := &warm{T: t, store: t.TempDir(), sources: []string{dir}}
			s := &scenario.Scenario{}
			w.run(s)
			test.change(write)
			have, analyzed := w.run(s)
			if analyzed != test.analyzed {
				t.Errorf("analyzed: %v; it said %q", analyzed, w.said)
			}
			if want := w.answers(nil, s); !bytes.Equal(have, want) {
				t.Errorf("the answers are not those of an analysis:\n%s", firstDifference(want, have))
			}
			if again, analyzed := w.run(s); analyzed || !bytes.Equal(again, have) {
				t.Errorf("asked again, analyzed: %v, equal: %v", analyzed, bytes.Equal(again, have))
			}
		})
	}
}

// TestFoundLater checks that a package which was missing is looked for again.
func TestFoundLater(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/kiln\n\ngo 1.24\n")
	write("cmd/kiln/main.go", "package main\n\nimport \"example.com/kiln/glaze\"\n\nfunc main() { glaze.Fire() }\n")
	w := &warm{T: t, store: t.TempDir(), sources: []string{dir}}
	s := &scenario.Scenario{}
	if have, _ := w.run(s); !strings.Contains(string(have), "example.com/kiln/glaze") {
		t.Fatalf("nothing is missing: %s", have)
	}
	write("glaze/glaze.go", "package glaze\n\nfunc Fire() {}\n")
	have, _ := w.run(s)
	if want := w.answers(nil, s); !bytes.Equal(have, want) || strings.Contains(string(have), "not in std") {
		t.Errorf("it is still missing:\n%s", have)
	}
}
