package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// compose is docker compose on the file of three services; it must succeed.
func (d *daemon) compose(args ...string) string {
	d.t.Helper()
	r := d.command("docker", nil, append([]string{"compose", "-f", "testdata/compose/compose.yaml"}, args...)...)
	if r.exit != 0 {
		d.t.Fatalf("compose %s: exit %d\n%s%s\n%s", strings.Join(args, " "), r.exit, r.stdout, r.stderr, d.logTail())
	}
	return strings.TrimSpace(r.stdout)
}

// TestCompose starts, changes and takes down three services with docker's
// compose.
func TestCompose(t *testing.T) {
	needRoot(t, "docker's compose")
	if err := exec.Command("docker", "compose", "version").Run(); err != nil {
		t.Fatalf("docker compose is missing on this machine: %v", err)
	}
	d := startDaemon(t)
	d.load()
	before := d.engine("network", "ls", "-q")
	d.compose("up", "-d", "--wait")
	if got, err := d.get("http://127.0.0.1:18090/"); err != nil || got != "web has app has kept" {
		t.Errorf("the published port: %q %v", got, err)
	}
	if got := d.compose("ps", "--format", "{{.Service}} {{.Health}}"); !lines(got, "app healthy", "db healthy", "web healthy") {
		t.Errorf("ps: %s", got)
	}
	if r := d.command("docker", nil, "compose", "-f", "testdata/compose/compose.yaml", "exec", "-T", "web", "wget", "-T1", "-qO-", "http://store/"); r.exit == 0 {
		t.Errorf("web reaches what is in another network: %s", r.stdout)
	}
	// What is as it should be stays.
	ids := d.compose("ps", "-q")
	d.compose("up", "-d", "--wait")
	if again := d.compose("ps", "-q"); again != ids {
		t.Errorf("made anew: %s, were %s", again, ids)
	}
	d.compose("up", "-d", "--wait", "--scale", "app=2", "--no-recreate")
	if got := d.compose("exec", "-T", "web", "sh", "-c", "nslookup -type=a app | grep -c ^Address:"); got != "3" { // the server's, and two
		t.Errorf("addresses of two: %s", got)
	}
	// Stopped and started, all find each other again; the volume is kept.
	d.compose("stop", "-t", "0")
	d.compose("up", "-d", "--wait", "--no-recreate")
	if got, err := d.get("http://127.0.0.1:18090/"); err != nil || got != "web has app has kept" {
		t.Errorf("after a stop: %q %v", got, err)
	}
	if got := d.compose("logs", "--no-log-prefix", "db"); strings.Contains(got, "rror") {
		t.Errorf("logs: %s", got)
	}
	d.compose("down", "-v", "-t", "0")
	if now := d.engine("network", "ls", "-q"); now != before {
		t.Errorf("networks left: %s", d.engine("network", "ls"))
	}
	if left := d.engine("ps", "-aq") + d.engine("volume", "ls", "-q"); left != "" {
		t.Errorf("left: %s", left)
	}
}

// lines reports whether a text has these lines and no others, in any order.
func lines(text string, want ...string) bool {
	have := strings.Split(text, "\n")
	for _, line := range want {
		if !strings.Contains("\n"+text+"\n", "\n"+line+"\n") {
			return false
		}
	}
	return len(have) == len(want)
}
