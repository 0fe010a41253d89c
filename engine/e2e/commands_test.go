package e2e

import (
	"os"
	"path/filepath"
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

func compare(t *testing.T, script, nameA, nameB string, a, b []*played) {
	t.Helper()
	for i := range a {
		if i >= len(b) || a[i] == nil || b[i] == nil || a[i].text == b[i].text {
			continue
		}
		t.Errorf("%s.txt:%d: %s %s\nwith %s\n%s\nwith %s\n%s", script, a[i].step.line, string(a[i].step.kind), a[i].step.text, nameA, a[i].text, nameB, b[i].text)
	}
}
