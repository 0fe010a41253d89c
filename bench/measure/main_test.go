//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// The test binary is also the command that is measured.
func TestMain(m *testing.M) {
	switch os.Getenv("MEASURED") {
	case "idle":
		return
	case "busy":
		block := make([]byte, 64<<20)
		for start := time.Now(); time.Since(start) < 100*time.Millisecond; {
			for i := 0; i < len(block); i += 512 {
				block[i]++
			}
		}
		return
	}
	os.Exit(m.Run())
}

func TestMeasure(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	a := &side{name: "idle", command: []string{"env", "MEASURED=idle", self}}
	b := &side{name: "busy", command: []string{"env", "MEASURED=busy", self}}
	for _, s := range []*side{a, b} {
		u, err := s.run(".")
		if err != nil {
			t.Fatal(err)
		}
		s.uses = append(s.uses, u)
	}
	if a, b := a.uses[0], b.uses[0]; b.cpu <= a.cpu || b.peak < a.peak+32<<20 {
		t.Errorf("idle took %+v, busy %+v", a, b)
	}
}

func TestTurns(t *testing.T) {
	log := t.TempDir() + "/log"
	err := measure(".", 2, []string{"a", "sh", "-c", "echo a >>" + log, "::", "b", "sh", "-c", "echo b >>" + log}, nothing)
	if err != nil {
		t.Fatal(err)
	}
	ran, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(string(ran)), ""); got != "ababab" {
		t.Errorf("ran %s, want one uncounted pair and two counted ones", got)
	}
}

func TestCompare(t *testing.T) {
	a := &side{name: "a", uses: []usage{{cpu: 4e9, wall: 2e9, peak: 400 << 20}, {cpu: 8e9, wall: 9e9, peak: 200 << 20}, {cpu: 6e9, wall: 3e9, peak: 100 << 20}}}
	b := &side{name: "b", uses: []usage{{cpu: 1e9, wall: 1e9, peak: 50 << 20}, {cpu: 3e9, wall: 2e9, peak: 70 << 20}, {cpu: 2e9, wall: 3e9, peak: 60 << 20}}}
	var out bytes.Buffer
	for _, show := range []func(io.Writer, []*side) error{compare, markdown} {
		if err := show(&out, []*side{a, b}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"a median 6.00 3.00 200.0", "b median 2.00 2.00 60.0", "b / a 0.33 0.67 0.30", "| b | 2.00 | 2.00 | 60.0 |"} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func nothing([]*side) error { return nil }

func TestUsageErrors(t *testing.T) {
	for _, args := range [][]string{nil, {"a", "true"}, {"a", "::", "b", "true"}, {"a", "true", "::", "b"}, {"a", "true"}} {
		if err := measure(".", 1, args, nothing); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
	if err := measure(".", 1, []string{"a", "false", "::", "b", "true"}, nothing); err == nil || !strings.Contains(err.Error(), "a: exit status 1") {
		t.Errorf("a command that fails: %v", err)
	}
}
