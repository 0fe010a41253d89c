package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// counts are info's numbers of containers: all, running, paused, stopped.
func (d *daemon) counts() string {
	d.t.Helper()
	status, body := d.ask("GET", "/info", "")
	var info struct{ Containers, ContainersRunning, ContainersPaused, ContainersStopped int }
	if err := json.Unmarshal([]byte(body), &info); err != nil || status != 200 {
		d.t.Fatalf("info: %d %s", status, body)
	}
	return fmt.Sprint(info.Containers, info.ContainersRunning, info.ContainersPaused, info.ContainersStopped)
}

func (d *daemon) expectCounts(when, want string) {
	d.t.Helper()
	if got := d.counts(); got != want {
		d.t.Errorf("%s: all, running, paused, stopped are %s, want %s", when, got, want)
	}
}

// sleeper runs a container in the background.
func (d *daemon) sleeper(name string) container {
	d.t.Helper()
	d.engine("run", "-d", "--name", name, "--network", "none", "busybox", "sleep", "1000")
	return d.inspect(name)
}

// kill9 ends each process of this daemon whose arguments have all of the
// words, and returns how many.
func (d *daemon) kill9(words ...string) int {
	d.t.Helper()
	killed := 0
next:
	for _, p := range d.processes() {
		for _, w := range words {
			if !strings.Contains(p.argv, w) {
				continue next
			}
		}
		if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil {
			d.t.Errorf("killing %s: %v", p, err)
		}
		killed++
	}
	return killed
}

func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// TestStateCounter follows info's counts through every transition.
func TestStateCounter(t *testing.T) {
	needRoot(t, "that info counts containers by their state")
	d := startDaemon(t)
	d.load()
	d.expectCounts("empty", "0 0 0 0")
	for _, step := range []struct{ command, want string }{
		{"create --name one --network none busybox sleep 1000", "1 0 0 1"},
		{"start one", "1 1 0 0"},
		{"pause one", "1 0 1 0"},
		{"unpause one", "1 1 0 0"},
		{"restart -t 0 one", "1 1 0 0"},
		{"kill one", ""},
		{"wait one", "1 0 0 1"},
		{"run --name two --network none busybox true", "2 0 0 2"},
		{"run --rm --network none busybox true", ""},
		{"start one", "2 1 0 1"},
		{"pause one", "2 0 1 1"},
		{"rm two", "1 0 1 0"},
		{"rename one three", "1 0 1 0"},
		{"rm -f three", "0 0 0 0"},
	} {
		d.engine(strings.Fields(step.command)...)
		if step.want != "" {
			d.expectCounts(step.command, step.want)
		}
	}
}

// TestEngineIsKilled kills engined and starts it again over what goes on.
func TestEngineIsKilled(t *testing.T) {
	needRoot(t, "that containers outlive the daemon")
	d := startDaemon(t)
	d.load()
	running := d.sleeper("running")
	d.sleeper("paused")
	d.engine("pause", "paused")
	d.engine("create", "--name", "created", "busybox", "true")
	d.command("engine", nil, "run", "--name", "exited", "--network", "none", "busybox", "sh", "-c", "exit 3")
	d.engine("run", "-d", "--name", "ends", "--network", "none", "busybox", "sh", "-c", "sleep 1; exit 4")
	d.engine("run", "-d", "--name", "talks", "--network", "none", "busybox",
		"sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.05; done")
	d.expectCounts("before", "6 3 1 2")

	d.kill()
	if !alive(running.State.Pid) {
		t.Error("the container died with the daemon")
	}
	time.Sleep(1200 * time.Millisecond) // "ends" does
	d.start()

	d.expectCounts("after", "6 2 1 3")
	for name, want := range map[string]string{
		"running": "running 0", "paused": "paused 0", "created": "created 0",
		"exited": "exited 3", "ends": "exited 4", "talks": "running 0",
	} {
		c := d.inspect(name)
		if got := fmt.Sprint(c.State.Status, " ", c.State.ExitCode); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := d.inspect("running").State.Pid; got != running.State.Pid {
		t.Errorf("another process: %d, was %d", got, running.State.Pid)
	}

	// All of it works on.
	if got := d.engine("exec", "running", "echo", "hi"); got != "hi" {
		t.Errorf("exec: %q", got)
	}
	d.engine("unpause", "paused")
	d.engine("start", "created")
	last := d.engine("logs", "--tail", "1", "talks")
	eventually(t, "the log goes on", func() bool { return d.engine("logs", "--tail", "1", "talks") != last })
	lines := strings.Split(d.engine("logs", "talks"), "\n")
	for i, line := range lines {
		if want := fmt.Sprintf("line %d", i+1); line != want {
			t.Errorf("the log has %q where %q belongs", line, want)
			break
		}
	}
	d.engine("kill", "running")
	if got := d.engine("wait", "running"); got != "137" {
		t.Errorf("wait: %s", got)
	}
	d.engine("start", "running")
	d.expectCounts("at the end", "6 3 0 3")
}

// TestContainerdIsKilled kills engine-containerd under a running engined.
func TestContainerdIsKilled(t *testing.T) {
	needRoot(t, "that containers outlive engine-containerd")
	d := startDaemon(t)
	d.load()
	c := d.sleeper("box")
	if n := d.kill9("engine-containerd"); n != 1 {
		t.Fatalf("%d processes of engine-containerd", n)
	}
	eventually(t, "exec works", func() bool { return d.command("engine", nil, "exec", "box", "true").exit == 0 })
	if got := d.inspect("box"); got.State.Pid != c.State.Pid || !alive(c.State.Pid) {
		t.Errorf("%+v, was %+v", got.State, c.State)
	}
	d.expectCounts("after", "1 1 0 0")
	if got := d.engine("run", "--rm", "--network", "none", "busybox", "echo", "new"); got != "new" {
		t.Errorf("run: %q", got)
	}
	d.engine("kill", "box")
	if got := d.engine("wait", "box"); got != "137" {
		t.Errorf("wait: %s", got)
	}
}

// TestBothAreKilled is a machine's out-of-memory killer on a bad day.
func TestBothAreKilled(t *testing.T) {
	needRoot(t, "that containers outlive engined and engine-containerd")
	d := startDaemon(t)
	d.load()
	c := d.sleeper("box")
	d.engine("run", "-d", "--name", "ends", "--network", "none", "busybox", "sh", "-c", "sleep 0.5; exit 4")
	d.kill()
	d.kill9("engine-containerd")
	time.Sleep(700 * time.Millisecond)
	d.start()
	if got := d.inspect("box"); got.State.Pid != c.State.Pid || !got.State.Running {
		t.Errorf("%+v, was %+v", got.State, c.State)
	}
	if got := d.inspect("ends"); got.State.Status != "exited" || got.State.ExitCode != 4 {
		t.Errorf("%+v", got.State)
	}
	if got := d.engine("exec", "box", "echo", "hi"); got != "hi" {
		t.Errorf("exec: %q", got)
	}
}

// TestShimIsKilled kills the shim of one of two containers.
func TestShimIsKilled(t *testing.T) {
	needRoot(t, "that a container whose shim is killed is known to have ended")
	d := startDaemon(t)
	d.load()
	c := d.sleeper("box")
	other := d.sleeper("other")
	if n := d.kill9("containerd-shim-engine-v2", c.ID); n != 1 {
		t.Fatalf("%d shims of it", n)
	}
	eventually(t, "it is known to have ended", func() bool { return !d.inspect("box").State.Running })
	eventually(t, "its process is gone", func() bool { return !alive(c.State.Pid) })
	d.expectCounts("after", "2 1 0 1")
	if got := d.inspect("other"); got.State.Pid != other.State.Pid || !alive(other.State.Pid) {
		t.Errorf("the other: %+v", got.State)
	}
	d.engine("start", "box")
	if got := d.engine("exec", "box", "echo", "again"); got != "again" {
		t.Errorf("exec: %q", got)
	}
	d.engine("rm", "-f", "box")
}

// TestRestartPolicyAcrossDaemons looks at who is up after the daemon was gone.
func TestRestartPolicyAcrossDaemons(t *testing.T) {
	needRoot(t, "that containers come up with the daemon by their restart policy")
	d := startDaemon(t)
	d.load()
	for _, policy := range []string{"no", "always", "unless-stopped", "on-failure"} {
		d.engine("run", "-d", "--name", policy, "--restart", policy, "--network", "none", "busybox", "sleep", "1000")
	}
	d.engine("run", "-d", "--name", "stopped", "--restart", "unless-stopped", "--network", "none", "busybox", "sleep", "1000")
	d.engine("stop", "-t", "0", "stopped")
	// Killed while nobody looks: what comes back is by policy.
	d.kill()
	for _, p := range d.processes() {
		if strings.HasPrefix(p.argv, "sleep 1000") {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
	time.Sleep(300 * time.Millisecond)
	d.start()
	for name, up := range map[string]bool{"no": false, "always": true, "unless-stopped": true, "on-failure": true, "stopped": false} {
		eventually(t, fmt.Sprintf("%s: running is %t", name, up), func() bool { return d.inspect(name).State.Running == up })
	}
}
