//go:build unix

// Field scores callroute on public repositories whose answers were read from
// their source.
//
//	field [-callroute PROGRAM] [-case REGEXP] [-timeout D] [-v] -repos DIR TABLE...
//
// A TABLE (bench/field/tables, docs/FIELD.md) names repositories, their
// revisions, and for each of some commands the crossings between processes that
// have to be in the trace, the steps on the way, and the functions that must not
// be told. DIR holds the repositories, checked out at these revisions, as
// OWNER/NAME, OWNER+NAME or NAME. Nothing is fetched and nothing in DIR is
// written to.
//
// Each case is a line, and the last line has the sums. A crossing holds when an
// edge of its kind ends at the function that the table names; a case holds when
// all its crossings do, at least nine of ten of its steps are in the trace, and
// nothing stands on the spine that must not be told. The exit status is 0 when
// all cases hold, 1 when one does not, and 2 when it cannot be told.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func main() {
	f := &field{out: os.Stdout}
	flag.StringVar(&f.callroute, "callroute", "callroute", "the `PROGRAM` to score")
	flag.StringVar(&f.repos, "repos", "", "`DIR` with the repositories")
	only := flag.String("case", "", "only cases whose SYSTEM: PROGRAM COMMAND matches `REGEXP`")
	flag.DurationVar(&f.timeout, "timeout", 15*time.Minute, "time for a case")
	flag.BoolVar(&f.verbose, "v", false, "say which crossings and steps hold")
	flag.Parse()
	var err error
	if f.only, err = regexp.Compile(*only); err == nil && (f.repos == "" || flag.NArg() == 0) {
		err = errors.New("give -repos DIR and a table")
	}
	held := false
	if err == nil {
		held, err = f.run(flag.Args())
	}
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "field:", err)
		os.Exit(2)
	case !held:
		os.Exit(1)
	}
}

// field is one invocation.
type field struct {
	callroute string
	repos     string
	only      *regexp.Regexp
	timeout   time.Duration
	verbose   bool
	out       io.Writer
}

// run scores all tables and reports whether every case holds.
func (f *field) run(tables []string) (bool, error) {
	var sum score
	cases, held := 0, 0
	for _, name := range tables {
		t, err := readTable(name)
		if err != nil {
			return false, err
		}
		dir, err := os.MkdirTemp("", "field")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(dir)
		system := ""
		for _, c := range t.Cases {
			if !f.only.MatchString(t.System + ": " + strings.Join(c.Run, " ")) {
				continue
			}
			if system == "" {
				if system, err = f.system(t, dir); err != nil {
					return false, fmt.Errorf("%s: %w", name, err)
				}
			}
			s := f.trace(system, c)
			f.print(t.System, c, s)
			cases++
			if s.holds() {
				held++
			}
			sum.add(s)
		}
	}
	fmt.Fprintf(f.out, "%d of %d cases hold  %s\n", held, cases, sum)
	return held == cases, nil
}

// system writes a callroute.yaml for the repositories of a table.
func (f *field) system(t *table, dir string) (string, error) {
	type source struct {
		Dir    string `json:"dir"`
		Import string `json:"import,omitempty"`
	}
	file := map[string]any{}
	var sources []source
	for _, r := range t.Repos {
		root, err := f.checkout(r)
		if err != nil {
			return "", err
		}
		dirs := r.Dirs
		if len(dirs) == 0 {
			dirs = []string{"."}
		}
		for _, d := range dirs {
			sources = append(sources, source{filepath.Join(root, d), r.Import})
		}
	}
	file["sources"] = sources
	for key, part := range map[string]json.RawMessage{"aliases": t.Aliases, "choices": t.Choices, "outside": t.Outside} {
		if part != nil {
			file[key] = part
		}
	}
	text, err := json.Marshal(file) // JSON is YAML
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "callroute.yaml")
	return name, os.WriteFile(name, text, 0o600)
}

// checkout is the folder of a repository, at its revision.
func (f *field) checkout(r repo) (string, error) {
	owner, name, ok := strings.Cut(strings.Replace(r.Mirror, "+", "/", 1), "/")
	if !ok {
		return "", fmt.Errorf("%q is no OWNER+NAME", r.Mirror)
	}
	for _, d := range []string{filepath.Join(owner, name), owner + "+" + name, name} {
		root, err := filepath.Abs(filepath.Join(f.repos, d))
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(root); err != nil {
			continue
		}
		head, err := exec.Command("git", "-C", root, "rev-parse", "HEAD").Output()
		if err != nil {
			return "", fmt.Errorf("%s is not checked out: %w", root, err)
		}
		if at := strings.TrimSpace(string(head)); at != r.Rev {
			return "", fmt.Errorf("%s is at %s; check out %s", root, at, r.Rev)
		}
		for _, e := range r.Edits {
			text, err := os.ReadFile(filepath.Join(root, e.File))
			if err != nil {
				return "", err
			}
			if !bytes.Contains(text, []byte(e.New)) {
				return "", fmt.Errorf("%s: replace %q by %q", filepath.Join(root, e.File), e.Old, e.New)
			}
		}
		return root, nil
	}
	return "", fmt.Errorf("%s is not in %s", r.Mirror, f.repos)
}

// trace runs one case.
func (f *field) trace(system string, c testCase) score {
	ctx, cancel := context.WithTimeout(context.Background(), f.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, f.callroute, append([]string{"trace", "-f", system, "--format", "json"}, c.Run...)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var got flow
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &got)
	}
	s := c.score(&got)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		s.peak = int64(usage.Maxrss) << 10 //nolint:unconvert // int32 on 32-bit systems
		if runtime.GOOS == "darwin" {
			s.peak = int64(usage.Maxrss) //nolint:unconvert // bytes there, kilobytes elsewhere
		}
	}
	switch {
	case ctx.Err() != nil:
		s.why = fmt.Sprintf("cut after %v", f.timeout)
	case err != nil:
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		s.why = fmt.Sprintf("%v: %s", err, lines[len(lines)-1])
	}
	return s
}

func (f *field) print(system string, c testCase, s score) {
	verdict := "holds"
	if !s.holds() {
		verdict = "FAILS"
	}
	if s.why != "" {
		verdict += " (" + s.why + ")"
	}
	fmt.Fprintf(f.out, "%-12s %-26s %s  %s\n", system, strings.Join(c.Run, " "), s, verdict)
	for _, line := range s.lines {
		if f.verbose || strings.HasPrefix(line, never) {
			fmt.Fprintln(f.out, "    "+line)
		}
	}
}
