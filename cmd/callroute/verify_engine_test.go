package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/observe/trial"
)

// TestVerifyEngine runs commands of the engine. A step that is told and did not
// run must be known: docs/SOUNDNESS.md lists those. It needs root, as the engine
// does.
//
// make soundness writes the page, from all of the engine's commands.
func TestVerifyEngine(t *testing.T) {
	slow(t, "the engine is built and run")
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("without root it is not tested that what is told of the engine runs")
	}
	t.Setenv("CALLROUTE_CACHE", t.TempDir())
	page, err := os.ReadFile("../../docs/SOUNDNESS.md")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := trial.ReadSteps("../../testdata/verify/engine-short.txt")
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	a := newApp(&printed, &printed, os.Getenv, openAnalyzer)
	an, err := a.analysis(t.Context(), sources{file: "../../callroute.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	runs, err := an.Observe(t.Context(), trial.Plan{Steps: steps, Timeout: time.Minute, Output: &printed})
	if err != nil {
		t.Fatalf("%v\n%s", err, printed.String())
	}
	var calls, functions flow.Share
	ran := map[string]bool{}
	for _, run := range runs {
		command := strings.Join(run.Command, " ")
		if run.Exit != 0 {
			t.Errorf("%s: exit status %d\n%s", command, run.Exit, printed.String())
		}
		f, err := an.Compare(t.Context(), analyzer.Query{}, run)
		if err != nil {
			t.Fatal(err)
		}
		o := f.Observed
		for _, n := range o.NotRun {
			i := slices.IndexFunc(f.Nodes, func(node flow.Node) bool { return node.ID == n.Node })
			if name := f.Nodes[i].Func; !bytes.Contains(page, []byte("- `"+command+"`: `"+name[strings.LastIndex(name, "/")+1:]+"`")) {
				t.Errorf("%s: %s is told and did not run: %s", command, name, n.Class)
			}
		}
		calls.All, calls.Are = calls.All+o.Calls.All, calls.Are+o.Calls.Are
		functions.All, functions.Are = functions.All+o.Functions.All, functions.Are+o.Functions.Are
		for _, p := range o.Processes {
			ran[p.Component] = true
			if slices.Contains(p.Args, "init") {
				ran["init of "+run.Command[1]] = true
			}
		}
	}
	// A process that is in another file system before its first line of Go is seen, too.
	for _, what := range []string{"engine", "engined", "engine-containerd", "containerd-shim-engine-v2", "engine-runc", "init of run", "init of exec"} {
		if !ran[what] {
			t.Errorf("%s is not seen to run", what)
		}
	}
	if calls.All < 500 || calls.Are*100 < calls.All*98 {
		t.Errorf("%d of %d calls are told", calls.Are, calls.All)
	}
	if functions.All < 1000 || functions.Are*100 < functions.All*80 {
		t.Errorf("%d of %d functions are told", functions.Are, functions.All)
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "callroute[0-9]*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
