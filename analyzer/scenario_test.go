package analyzer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/scenario"
	"github.com/callroute/callroute/analyzer/system"
)

var update = flag.Bool("update", false, "write docs/IDIOMS.md")

// TestScenarios runs the analyzer over every system in testdata/scenarios and
// holds what it finds against what the file expects. testdata/README.md tells
// the language.
//
//	go test ./analyzer -run 'TestScenarios/http-wrapper-three-deep'
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../testdata/scenarios/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios:", err)
	}
	var all []*scenario.Scenario
	failed := map[string]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := scenario.Parse(filepath.Base(file), data)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
			defer func() { failed[s.Name] = t.Failed() }()
			runScenario(t, s)
		})
	}
	if len(all) == len(files) {
		idiomsPage(t, scenario.Markdown(all, failed))
	}
}

// idiomsPage keeps docs/IDIOMS.md to what the scenarios show.
func idiomsPage(t *testing.T, want string) {
	t.Helper()
	const page = "../docs/IDIOMS.md"
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(page); err != nil || string(have) != want {
		t.Errorf("%s says something else than the scenarios show; run TestScenarios with -update (%v)", page, err)
	}
}

func runScenario(t *testing.T, s *scenario.Scenario) {
	t.Helper()
	dir := t.TempDir()
	if _, err := s.Unpack(dir, "../testdata"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOFLAGS", goflags(s))
	t.Setenv("GOPROXY", "off")
	checkScenario(t, s, dir)
}

// checkScenario analyzes a scenario that was unpacked to dir, twice. The sources
// of its libraries lie in the folders libs.
func checkScenario(t *testing.T, s *scenario.Scenario, dir string, libs ...string) {
	t.Helper()
	a, b := open(t, s, dir), open(t, s, dir)
	var flows []*flow.Flow
	for _, trace := range s.Traces {
		name := strings.Join(append([]string{trace.Program}, trace.Command...), " ")
		query := analyzer.Query{Program: trace.Program, Command: trace.Command}
		f, err := a.Trace(t.Context(), query)
		if err != nil {
			t.Errorf("%s:%d: trace %s: %v", s.Name, trace.Line, name, err)
			continue
		}
		dump(t, s.Name+" "+name, f)
		flows = append(flows, f)
		for _, p := range trace.Check(f, dir) {
			t.Errorf("%s: trace %s: %s", s.Name, name, p)
		}
		for _, problem := range scenario.Sane(f, append(s.Sources(dir), libs...)) {
			t.Errorf("%s: trace %s: not sane: %s", s.Name, name, problem)
		}
		again, err := b.Trace(t.Context(), query)
		if err != nil {
			t.Errorf("%s: trace %s, the second time: %v", s.Name, name, err)
			continue
		}
		if first, second := marshal(t, f), marshal(t, again); !bytes.Equal(first, second) {
			t.Errorf("%s: trace %s: two runs differ:\n%s", s.Name, name, firstDifference(first, second))
		}
	}
	endpoints, err := a.Endpoints(t.Context())
	if err != nil {
		t.Fatalf("%s: endpoints: %v", s.Name, err)
	}
	for _, f := range flows {
		for _, problem := range disagreements(f, endpoints) {
			t.Errorf("%s: %s", s.Name, problem)
		}
	}
	if len(s.System) == 0 && len(s.Markers) == 0 {
		return
	}
	commands, err := a.Commands(t.Context(), "")
	if err != nil {
		t.Fatalf("%s: commands: %v", s.Name, err)
	}
	for _, p := range s.CheckSystem(endpoints, commands) {
		t.Errorf("%s: %s", s.Name, p)
	}
	for _, c := range commands {
		// What is listed can be traced.
		f, err := a.Trace(t.Context(), analyzer.Query{Program: c.Program, Command: c.Words})
		if err != nil || len(f.Spine) == 0 {
			t.Errorf("%s: %s %q is listed and cannot be traced: %v", s.Name, c.Program, c.Words, err)
		}
	}
}

func open(t *testing.T, s *scenario.Scenario, dir string) *analyzer.Analyzer {
	t.Helper()
	var sys *system.System
	var err error
	if file := s.SystemFile(dir); file != "" {
		sys, err = system.Read(file)
	} else {
		sys, err = system.FromDirs(s.Sources(dir))
	}
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	a, err := analyzer.Open(context.Background(), sys, analyzer.Options{})
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return a
}

func goflags(s *scenario.Scenario) string {
	if s.Tags == "" {
		return ""
	}
	return "-tags=" + s.Tags
}

func marshal(t *testing.T, f *flow.Flow) []byte {
	t.Helper()
	data, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// firstDifference shows the first line that differs, with those above it.
func firstDifference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return strings.Join(x[max(0, i-5):i], "\n") + "\n-" + x[i] + "\n+" + y[i]
		}
	}
	return "one is longer"
}

// dump keeps the traces of a run where CALLROUTE_SCENARIO_OUT says, to be
// looked at.
func dump(t *testing.T, name string, f *flow.Flow) {
	t.Helper()
	out := os.Getenv("CALLROUTE_SCENARIO_OUT")
	if out == "" {
		return
	}
	name = strings.NewReplacer(" ", "_", ".txtar", "", "/", "_").Replace(name) + ".json"
	if err := os.WriteFile(filepath.Join(out, name), marshal(t, f), 0o666); err != nil {
		t.Fatal(err)
	}
}
