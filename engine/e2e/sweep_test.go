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
// exit codes, without what differs between two runs. A difference must have its
// reason in accepted.
func TestSweep(t *testing.T) {
	needRoot(t, "that the engine does what docker does")
	const dockerd = "/usr/sbin/dockerd"
	if _, err := os.Stat(dockerd); err != nil {
		t.Fatal(err)
	}
	var w sweep
	for _, folder := range []string{"commands", "sweep"} {
		scripts := sweepScripts(t, folder)
		players := []*player{{d: newDaemonOf(t, dockerd), name: "docker20", compares: true}, {d: newDaemon(t), name: "docker20", compares: true}}
		var all sync.WaitGroup
		transcripts := make([][][]*played, len(players))
		for i, p := range players {
			p.d.start()
			if r := p.d.command(p.name, nil, "load", "-q", "-i", busybox(t)); r.exit != 0 {
				t.Fatalf("load: %s%s", r.stdout, r.stderr)
			}
			// An engine that is new has an image that docker has not.
			p.d.command(p.name, nil, "rmi", "toolbox")
			all.Go(func() {
				for _, s := range scripts {
					transcripts[i] = append(transcripts[i], p.play(t, s))
				}
			})
		}
		all.Wait()
		if t.Failed() {
			return // one of them did not play to its end
		}
		for i, s := range scripts {
			w.compare(folder+"/"+s.name, transcripts[0][i], transcripts[1][i])
		}
	}
	record("sweep", w.report())
	t.Logf("%d of %d commands do the same", w.same, w.commands)
	for _, d := range w.differ {
		if d.reason == "" {
			t.Errorf("%s: %s: %s\n--- docker, exit %d\n%s%s--- engine, exit %d\n%s%s", d.where, d.command, d.how,
				d.docker.exit, d.docker.stdout, marked(d.docker.stderr), d.engine.exit, d.engine.stdout, marked(d.engine.stderr))
		}
	}
}

// sweepScripts are the scripts of a folder that two daemons can play. Docker's
// does not come up again over its containerd when it alone was killed.
func sweepScripts(t *testing.T, folder string) []script {
	t.Helper()
	files, err := filepath.Glob("testdata/" + folder + "/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	var scripts []script
	for _, file := range files {
		s := readScript(t, file)
		killed := slices.ContainsFunc(s.steps, func(st step) bool { return st.kind == '@' && st.text == "kill" })
		if !killed && (*conformance != "" || slices.Contains(few, s.name)) {
			scripts = append(scripts, s)
		}
	}
	return scripts
}

// sweep counts what two daemons did alike.
type sweep struct {
	commands, same int
	differ         []difference
}

// difference is a command that they did not do alike.
type difference struct {
	where, command, how, reason string
	docker, engine              played
}

func (w *sweep) compare(script string, docker, engine []*played) {
	for i := range min(len(docker), len(engine)) {
		if docker[i] == nil || engine[i] == nil || docker[i].step.kind != '$' {
			continue
		}
		w.commands++
		d := difference{docker: *docker[i], engine: *engine[i]}
		d.command = d.docker.step.text
		d.where = fmt.Sprintf("%s.txt:%d", script, d.docker.step.line)
		switch {
		case d.docker.exit != d.engine.exit:
			d.how = fmt.Sprintf("exit %d, docker's %d", d.engine.exit, d.docker.exit)
		case d.docker.stdout != d.engine.stdout:
			d.how = "another output"
		case !strings.EqualFold(d.docker.stderr, d.engine.stderr): // newer dockers begin in lower case
			d.how = "other words of an error"
		default:
			w.same++
			continue
		}
		d.reason = accepted(d)
		w.differ = append(w.differ, d)
	}
}

// accepted is why a command may be different, "" if it may not.
func accepted(d difference) string {
	for _, r := range reasons {
		for _, part := range r.commands {
			if strings.Contains(d.command, part) && (r.how == "" || r.how == d.how) {
				return r.reason
			}
		}
	}
	return ""
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
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d commands of the scripts in `engine/e2e/testdata` give the same output, errors and\nexit code on engined and on Debian's dockerd 20.10, asked by Debian's docker.\n\n"+
		"| script | command | engined | why |\n|---|---|---|---|\n", w.same, w.commands)
	for _, d := range w.differ {
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", d.where, cell(d.command), d.how, d.reason)
	}
	return b.String()
}
