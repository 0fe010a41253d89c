package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/callroute/callroute/analyzer/flow"
)

// TestVerifyRelay runs a command through five programs, three of which it starts,
// and holds what is told against what ran: everything.
func TestVerifyRelay(t *testing.T) {
	slow(t, "programs are built and run")
	if runtime.GOOS != "linux" {
		t.Skip("programs are observed on Linux only")
	}
	relay, record := "../../testdata/relay", filepath.Join(t.TempDir(), "relay.run")
	t.Setenv("CALLROUTE_CACHE", t.TempDir())
	before := listing(t, relay)
	text := printed(t, []string{"verify", "--src", relay, "--setup", relay + "/verify.sh", "--record", record, "relay", "send", "anna", "see you at eight"})
	if !strings.Contains(text, "relay send anna see you at eight  exit status 0, 3 processes started, 2 there\n") {
		t.Errorf("the run:\n%s", text)
	}
	if after := listing(t, relay); after != before {
		t.Errorf("the tree has changed from\n%s\nto\n%s", before, after)
	}
	// A run that is kept is compared again, without building or running anything.
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "/nowhere:"+filepath.Dir(goCommand))
	var f flow.Flow
	if err := json.Unmarshal([]byte(printed(t, []string{"verify", "--src", relay, "--record", record, "--json"})), &f); err != nil {
		t.Fatal(err)
	}
	o := f.Observed
	for what, s := range map[string]flow.Share{"steps": o.Steps, "crossings": o.Crossings, "functions": o.Functions, "calls": o.Calls, "arrivals": o.Arrivals} {
		if s.All == 0 || s.Are != s.All {
			t.Errorf("%s: %d of %d", what, s.Are, s.All)
		}
	}
	if o.Crossings.All != 4 || o.Arrivals.All < 4 {
		t.Errorf("%d crossings, %d arrivals", o.Crossings.All, o.Arrivals.All)
	}
	wrote := false
	for _, e := range o.Effects {
		wrote = wrote || e.Component == "scribe" && e.Verb == "writes" && strings.HasSuffix(e.What, "/anna.txt") && e.Told
	}
	if !wrote {
		t.Errorf("nobody wrote the letter: %+v", o.Effects)
	}
}

// TestVerifyRefuses gives what cannot be verified. Nothing of it may be left.
func TestVerifyRefuses(t *testing.T) {
	slow(t, "programs are built and run")
	if runtime.GOOS != "linux" {
		t.Skip("programs are observed on Linux only")
	}
	src, tmp := t.TempDir(), t.TempDir()
	t.Setenv("CALLROUTE_CACHE", t.TempDir())
	write := func(name, text string) string {
		t.Helper()
		name = filepath.Join(src, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	write("good/go.mod", "module example.org/good\n\ngo 1.24\n")
	write("good/main.go", "package main\n\nimport (\n\t\"os\"\n\t\"time\"\n)\n\nfunc main() {\n\tif len(os.Args) > 1 {\n\t\ttime.Sleep(time.Hour)\n\t}\n}\n")
	write("bad/go.mod", "module example.org/bad\n\ngo 1.24\n")
	write("bad/main.go", "package main\n\nfunc main() { missing() }\n")
	write("old/main.go", "package main\n\nfunc main() {}\n")
	good := []string{"--src", filepath.Join(src, "good")}
	for _, test := range []struct {
		name string
		args []string
		want string // part of the error
	}{
		{"does not build", []string{"--src", filepath.Join(src, "bad"), "bad"}, "bad does not build: ./main.go:3:15: undefined: missing"},
		{"no module", []string{"--src", filepath.Join(src, "old"), "old"}, "has no go.mod"},
		{"hangs", append(good, "--timeout", "300ms", "good", "hang"), "good hang did not end within 300ms"},
		{"setup hangs", append(good, "--timeout", "300ms", "--setup", write("hang.sh", "sleep 1000 &\nsleep 1000\n"), "good"), "the setup did not end within 300ms"},
		{"setup fails", append(good, "--setup", write("fail.sh", "echo no luck >&2\nexit 7\n"), "good"), "the setup failed: exit status 7: no luck"},
		{"no such program", append(good, "goof"), `no program "goof"; did you mean good?`},
		{"no such namespace", append(good, "--unshare", "moon", "good"), `no namespace "moon"`},
		{"nothing", good, "verify what?"},
		{"list and command", append(good, "--list", "x", "good"), "exclude each other"},
		{"no record", append(good, "--record", filepath.Join(src, "hang.sh")), "is no recorded run"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("TMPDIR", tmp)
			var out, errs bytes.Buffer
			code := newApp(&out, &errs, os.Getenv, openAnalyzer).run(t.Context(), append([]string{"verify"}, test.args...))
			last := errs.String()[strings.LastIndex(strings.TrimSpace(errs.String()), "\n")+1:]
			if code != cannotRun || !strings.Contains(last, test.want) {
				t.Errorf("exit %d, %q, want %q", code, errs.String(), test.want)
			}
			if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// listing is the names and sizes of all files below a folder.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			out.WriteString(path + " " + info.ModTime().String() + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestVerifyInterrupted presses Ctrl-C while a command runs: daemons are stopped by
// the teardown, and nothing is left.
func TestVerifyInterrupted(t *testing.T) {
	slow(t, "programs are built and run")
	if runtime.GOOS != "linux" {
		t.Skip("programs are observed on Linux only")
	}
	src, tmp := t.TempDir(), t.TempDir()
	t.Setenv("CALLROUTE_CACHE", t.TempDir())
	t.Setenv("TMPDIR", tmp)
	for name, text := range map[string]string{
		"go.mod":  "module example.org/good\n\ngo 1.24\n",
		"main.go": "package main\n\nimport (\n\t\"os\"\n\t\"time\"\n)\n\nfunc main() {\n\tos.WriteFile(os.Args[1], nil, 0o600)\n\ttime.Sleep(time.Hour)\n}\n",
		"down.sh": "echo stopped >\"$CALLROUTE_SRC/stopped\"\n",
	} {
		if err := os.WriteFile(filepath.Join(src, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := filepath.Join(src, "began")
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(began); err == nil {
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	var out, errs bytes.Buffer
	code := newApp(&out, &errs, os.Getenv, openAnalyzer).run(ctx, []string{"verify", "--src", src, "--teardown", filepath.Join(src, "down.sh"), "good", began})
	if code != cannotRun || out.Len() > 0 {
		t.Errorf("exit %d, printed %q, %q", code, out.String(), errs.String())
	}
	if _, err := os.Stat(filepath.Join(src, "stopped")); err != nil {
		t.Errorf("the teardown did not run: %v", err)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
