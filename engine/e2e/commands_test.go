package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestCommands runs every script with every command line, each on an engine
// of its own, and compares what they print.
func TestCommands(t *testing.T) {
	needRoot(t, "that docker's command line and ours do the same on an engine")
	files, err := filepath.Glob("testdata/commands/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	scripts := make([]script, len(files))
	for i, file := range files {
		scripts[i] = readScript(t, file)
	}

	players := make([]*player, 0, 3)
	for _, name := range commandLines(t) {
		p := &player{d: startDaemon(t), name: name}
		if r := p.d.command(name, nil, "load", "-q", "-i", busybox(t)); r.exit != 0 {
			t.Fatalf("%s load: %s%s", name, r.stdout, r.stderr)
		}
		players = append(players, p)
	}
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) {
			transcripts := make([][]*played, len(players))
			var all sync.WaitGroup
			for i, p := range players {
				all.Go(func() { transcripts[i] = p.play(t, s) })
			}
			all.Wait()
			for i, p := range players[1:] {
				compare(t, s.name, players[0].name, p.name, transcripts[0], transcripts[i+1])
			}
		})
	}
}

// commandLines is what can drive an engine here, ours last. The newest docker
// is first: it is what the others are compared with.
func commandLines(t *testing.T) []string {
	t.Helper()
	names := []string{"docker"}
	first, err := commandLine("docker")
	if err != nil {
		t.Fatal(err)
	}
	if debian, _ := commandLine("docker20"); first != debian {
		names = append(names, "docker20")
	}
	if _, err := commandLine("engine"); err != nil && os.Getenv("E2E_DAEMON") != "" {
		return names
	}
	return append(names, "engine")
}

// compare fails the test for each step that did not do the same. Debian's
// docker words its errors in its own way, and is held to the rest.
func compare(t *testing.T, script, nameA, nameB string, a, b []*played) {
	t.Helper()
	for i := range min(len(a), len(b)) {
		if a[i] == nil || b[i] == nil {
			continue
		}
		x, y := *a[i], *b[i]
		if nameB == "docker20" {
			x.stderr, y.stderr = "", ""
		}
		if x.exit == y.exit && x.stdout == y.stdout && x.stderr == y.stderr {
			continue
		}
		t.Errorf("%s.txt:%d: %c %s\n--- with %s, exit %d\n%s%s--- with %s, exit %d\n%s%s", script, x.step.line, x.step.kind, x.step.text,
			nameA, x.exit, x.stdout, marked(x.stderr), nameB, y.exit, y.stdout, marked(y.stderr))
	}
}

// marked is an error output that can be told from an output.
func marked(stderr string) string {
	if stderr == "" {
		return ""
	}
	return "! " + strings.ReplaceAll(strings.TrimSuffix(stderr, "\n"), "\n", "\n! ") + "\n"
}
