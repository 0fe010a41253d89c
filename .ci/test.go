//go:build ignore

// Test runs `go test` with its own arguments and tells a person what it does:
// a line for each package, what fails in full, what takes long while it runs,
// and at the end what was left out and why. With CALLROUTE_COMPLETE=1 nothing
// may be left out: then that is a failure too.
//
//	go run .ci/test.go [-short] ./...
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// A package that takes longer is hung. The slowest takes six minutes on two
	// idle cores, and a loaded machine has a fraction of one.
	timeout = "45m"
	// How often it is said that something still runs.
	patience = 30 * time.Second
)

// event is a line of `go test -json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

func main() {
	code, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "test:", err)
		code = 2
	}
	os.Exit(code)
}

func run(args []string, out io.Writer) (int, error) {
	signal.Ignore(os.Interrupt) // go test ends itself, and then we do
	cmd := exec.Command("go", append([]string{"test", "-json", "-timeout", timeout}, args...)...)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return 2, err
	}
	if err := cmd.Start(); err != nil {
		return 2, err
	}
	r := &results{out: out, running: map[string]time.Time{}, said: map[string][]string{}, left: map[string][]string{}}
	stop := make(chan struct{})
	go r.nag(stop)
	lines := bufio.NewReader(pipe)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if err != nil {
			break
		}
	}
	close(stop)
	failed := cmd.Wait() != nil
	if os.Getuid() == 0 && r.asOthers() {
		failed = true
	}
	return r.summary(failed), nil
}

// nobody is a user without rights.
const nobody = 65534

// asOthers runs, as a user without rights, the tests that were left out because
// root may do everything. It reports whether one failed.
func (r *results) asOthers() (failed bool) {
	for why, names := range r.left {
		if !strings.HasPrefix(why, "root") {
			continue
		}
		var still []string
		for _, name := range names {
			pkg, test, _ := strings.Cut(name, " ")
			said, err := asNobody(pkg, test)
			var exit *exec.ExitError
			switch {
			case err != nil && !errors.As(err, &exit):
				still = append(still, name) // a folder on the way is closed to others
			case err != nil:
				failed = true
				r.failed = append(r.failed, name+" (as nobody)")
				fmt.Fprintf(r.out, "%s", said)
			case strings.Contains(said, "--- SKIP"):
				still = append(still, name)
			}
		}
		if r.left[why] = still; len(still) == 0 {
			delete(r.left, why)
		}
	}
	return failed
}

// asNobody runs one test of a package as a user without rights.
func asNobody(pkg, test string) (said string, err error) {
	dir, err := os.MkdirTemp("", "callroute-test-")
	if err != nil {
		return err.Error(), err
	}
	defer os.RemoveAll(dir)
	if err := os.Chown(dir, nobody, nobody); err != nil {
		return err.Error(), err
	}
	binary := filepath.Join(dir, "test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, pkg).CombinedOutput(); err != nil {
		return string(out), err
	}
	where, err := exec.Command("go", "list", "-f", "{{.Dir}}", pkg).Output()
	if err != nil {
		return err.Error(), err
	}
	var parts []string
	for _, part := range strings.Split(test, "/") {
		parts = append(parts, "^"+regexp.QuoteMeta(part)+"$")
	}
	cmd := exec.Command(binary, "-test.v", "-test.run", strings.Join(parts, "/"))
	cmd.Dir = strings.TrimSpace(string(where))
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir, "GOCACHE="+filepath.Join(dir, "cache"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// results collects what was told of tests.
type results struct {
	mu      sync.Mutex
	out     io.Writer
	running map[string]time.Time // since when a test or package runs
	said    map[string][]string  // output of each that has not ended
	left    map[string][]string  // what was left out, by reason
	failed  []string
}

func (r *results) line(line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var e event
	if json.Unmarshal(line, &e) != nil {
		r.out.Write(line) // not of a test: a build that failed
		return
	}
	name := strings.TrimSpace(e.Package + " " + e.Test)
	switch e.Action {
	case "start", "run", "cont":
		r.running[name] = time.Now()
	case "pause":
		delete(r.running, name)
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		r.said[name] = append(r.said[name], e.Output)
	case "pass", "fail", "skip":
		r.end(e, name)
	}
}

func (r *results) end(e event, name string) {
	said := r.said[name]
	delete(r.said, name)
	delete(r.running, name)
	switch {
	case e.Action == "fail":
		r.failed = append(r.failed, name)
		fmt.Fprint(r.out, strings.Join(said, ""))
	case e.Action == "skip" && e.Test != "":
		why := reason(said)
		r.left[why] = append(r.left[why], name)
	case e.Test == "":
		fmt.Fprintf(r.out, "%-4s %s %.1fs\n", map[string]string{"pass": "ok", "skip": "none"}[e.Action], e.Package, e.Elapsed)
	}
}

// reason is the last line that a skipped test wrote, without its place.
func reason(said []string) string {
	for _, line := range slices.Backward(said) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if _, rest, found := strings.Cut(line, ".go:"); found {
			if _, what, found := strings.Cut(rest, ": "); found {
				line = what
			}
		}
		return strings.TrimPrefix(line, "left out: ")
	}
	return "no reason given"
}

// nag says from time to time what is still running.
func (r *results) nag(stop <-chan struct{}) {
	tick := time.NewTicker(patience)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		r.mu.Lock()
		var long []string
		for name, since := range r.running {
			if d := time.Since(since); d > patience && strings.Contains(name, " ") {
				long = append(long, fmt.Sprintf("%s (%s)", name[strings.LastIndexByte(name, '/')+1:], d.Round(time.Second)))
			}
		}
		slices.Sort(long)
		if len(long) > 0 {
			fmt.Fprintf(r.out, "…    still running: %s\n", strings.Join(long[:min(len(long), 4)], ", "))
		}
		r.mu.Unlock()
	}
}

// summary says what was left out, and returns the exit status.
func (r *results) summary(failed bool) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.left) > 0 {
		fmt.Fprintln(r.out, "\nleft out, because:")
		reasons := make([]string, 0, len(r.left))
		for why := range r.left {
			reasons = append(reasons, why)
		}
		slices.Sort(reasons)
		for _, why := range reasons {
			fmt.Fprintf(r.out, "  %s\n", why)
			for _, name := range r.left[why] {
				fmt.Fprintf(r.out, "      %s\n", strings.TrimPrefix(name, "github.com/callroute/callroute/"))
			}
		}
	}
	if len(r.failed) > 0 {
		fmt.Fprintf(r.out, "\nfailed:\n  %s\n", strings.Join(r.failed, "\n  "))
	}
	switch {
	case failed:
		return 1
	case len(r.left) > 0 && os.Getenv("CALLROUTE_COMPLETE") == "1":
		fmt.Fprintln(r.out, "\nnothing may be left out here (CALLROUTE_COMPLETE=1)")
		return 1
	}
	return 0
}
