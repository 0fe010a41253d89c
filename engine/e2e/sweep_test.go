package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// few are the scripts that are enough for a change; with -conformance it is all.
var few = []string{"run", "exec", "volume", "wait"}

// TestSweep has docker's own daemon, Debian's 20.10, and engined do the same
// commands, side by side, and compares what a person sees: output, errors and
// exit codes, without what differs between two runs.
func TestSweep(t *testing.T) {
	needRoot(t, "that the engine does what docker does")
	const dockerd = "/usr/sbin/dockerd"
	if _, err := os.Stat(dockerd); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/commands/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	var scripts []script
	for _, file := range files {
		s := readScript(t, file)
		// Docker's daemon does not come up again over its containerd when it alone
		// was killed.
		killed := slices.ContainsFunc(s.steps, func(st step) bool { return st.kind == '@' && st.text == "kill" })
		if !killed && (*conformance != "" || slices.Contains(few, s.name)) {
			scripts = append(scripts, s)
		}
	}
	players := []*player{{d: newDaemonOf(t, dockerd), name: "docker20", compares: true}, {d: newDaemon(t), name: "docker20", compares: true}}
	var all sync.WaitGroup
	transcripts := make([][][]*played, len(players))
	for i, p := range players {
		p.d.start()
		if r := p.d.command(p.name, nil, "load", "-q", "-i", busybox(t)); r.exit != 0 {
			t.Fatalf("load: %s%s", r.stdout, r.stderr)
		}
		all.Go(func() {
			for _, s := range scripts {
				transcripts[i] = append(transcripts[i], p.play(t, s))
			}
		})
	}
	all.Wait()
	var w sweep
	if t.Failed() {
		return // one of them did not play to its end
	}
	for i, s := range scripts {
		w.compare(s.name, transcripts[0][i], transcripts[1][i])
	}
	record("sweep", w.report())
	t.Logf("%d of %d commands do the same", w.same, w.commands)
	// Docker 28's API is newer than the daemon that stands beside it.
	const most = 15 // percent
	if len(w.differ)*100 > w.commands*most {
		t.Errorf("%d of %d commands differ:\n%s", len(w.differ), w.commands, strings.Join(w.differ, "\n"))
	}
}

// sweep counts what two daemons did alike.
type sweep struct {
	commands, same int
	differ         []string
}

func (w *sweep) compare(script string, docker, engine []*played) {
	for i := range min(len(docker), len(engine)) {
		if docker[i] == nil || engine[i] == nil || docker[i].step.kind != '$' {
			continue
		}
		w.commands++
		a, b := *docker[i], *engine[i]
		var how string
		switch {
		case a.exit != b.exit:
			how = fmt.Sprintf("exit %d, docker's %d", b.exit, a.exit)
		case a.stdout != b.stdout:
			how = "another output"
		case a.stderr != b.stderr:
			how = "other words of an error"
		default:
			w.same++
			continue
		}
		w.differ = append(w.differ, fmt.Sprintf("| %s.txt:%d | `%s` | %s |", script, a.step.line, cell(a.step.text), how))
	}
}

// cell is a text in a table.
func cell(text string) string {
	const longest = 90
	text = strings.NewReplacer("|", "\\|", "`", "'", "\n", " ").Replace(text)
	if r := []rune(text); len(r) > longest {
		text = string(r[:longest]) + "…"
	}
	return text
}

func (w *sweep) report() string {
	return fmt.Sprintf("%d of %d commands of the scripts in `engine/e2e/testdata/commands` give the same output,\nerrors and exit code on engined and on Debian's dockerd, asked by Debian's docker.\n\n"+
		"| script | command | engined |\n|---|---|---|\n%s\n", w.same, w.commands, strings.Join(w.differ, "\n"))
}
