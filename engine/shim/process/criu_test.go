package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestCriuErrors(t *testing.T) {
	const log = `(00.000042) Version: 4.2.1 (gitid 0)
(00.061480) Error (criu/a.c:1): Can't have more files
(00.061481) Error (criu/files.c:10): Can't open pipe
(00.202246) 77: Error (criu/cr-dump.c:1681): Dump files (pid: 9) failed with -1
(00.282301) Error (criu/cr-dump.c:2111): Dumping FAILED.
(00.282302) Error (criu/x.c:1): and more
`
	if got, want := criuErrors(log), "Can't open pipe, Dump files (pid: 9) failed with -1, Dumping FAILED., and more"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCriuLog(t *testing.T) {
	dir := t.TempDir()
	work, images := filepath.Join(dir, "work"), filepath.Join(dir, "images")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	l, failed := newCriuLog(work, dumpLog, images), errors.New("criu failed")
	if err := l.explain(failed); err != failed { //nolint:errorlint // the same
		t.Errorf("without a log: %v", err)
	}
	if err := os.WriteFile(filepath.Join(work, dumpLog), []byte("Error (a.c:1): why\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.explain(failed); !errors.Is(err, failed) || !strings.Contains(err.Error(), "criu failed: why; criu's log is "+images+".dump.log") {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(images + ".dump.log"); err != nil || !strings.Contains(string(text), "why") {
		t.Errorf("kept: %q %v", text, err)
	}
	if err := l.explain(nil); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(images + ".dump.log"); err == nil {
		t.Error("the log of a failure is still there after a success")
	}
}

// TestWatched ends a criu that writes nothing, and lets one go on that does.
func TestWatched(t *testing.T) {
	const stall = 300 * time.Millisecond
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, script string
		cancel       time.Duration
		want         error
	}{
		{"writes", "for i in 1 2 3 4 5 6; do echo $i >> $1/log; sleep 0.1; done", 0, nil},
		{"stalls", "echo $$ > $1/pid; sleep 1000", 0, errStalled},
		{"is called off", "echo $$ > $1/pid; while :; do echo >> $1/log; sleep 0.05; done", 500 * time.Millisecond, context.Canceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if test.cancel > 0 {
				time.AfterFunc(test.cancel, cancel)
			}
			began := time.Now()
			err := watched(ctx, stall, []string{dir}, func(ctx context.Context) error {
				// A runtime that starts criu, which outlives it.
				runtime := exec.CommandContext(ctx, "sh", "-c", `sh -c "$1" swrk "$2" & wait`, "runtime", test.script, dir)
				ends, err := reaper.StartLocked(runtime)
				if err != nil {
					return err
				}
				status, err := reaper.Wait(runtime, ends)
				if err == nil && status != 0 {
					err = errors.New("killed")
				}
				return err
			})
			if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Errorf("%v, want %v", err, test.want)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if pid, err := os.ReadFile(filepath.Join(dir, "pid")); err == nil {
				gone := func() bool {
					words, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/cmdline")
					return err != nil || len(words) == 0
				}
				for deadline := time.Now().Add(3 * time.Second); !gone(); time.Sleep(10 * time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatal("criu still runs")
					}
				}
			}
		})
	}
}
