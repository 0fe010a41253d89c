package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func TestLifecycle(t *testing.T) {
	w := newWorld(t)
	bundle := w.bundle("c", shell("touch /started; exec sleep 1000"))
	pidFile := filepath.Join(t.TempDir(), "pid")
	w.createOf("c", bundle, "--pid-file", pidFile)

	s := w.state("c")
	if s.Status != "created" || strconv.Itoa(s.PID) != read(t, pidFile) {
		t.Errorf("after create: %+v, pid file %s", s, read(t, pidFile))
	}
	started := filepath.Join(bundle, "rootfs/started")
	if _, err := os.Stat(started); err == nil {
		t.Error("the user's program ran before start")
	}
	w.ok("start", "c")
	eventually(t, "the user's program runs", func() bool { _, err := os.Stat(started); return err == nil })
	w.wantStatus("c", "running")
	w.fails("cannot start an already running container", "start", "c")
	w.fails("cannot delete container c that is not stopped: running", "delete", "c")

	w.ok("kill", "c", "KILL")
	eventually(t, "c stops", func() bool { return w.state("c").Status == "stopped" })
	if pid := w.state("c").PID; pid != 0 {
		t.Errorf("pid of a stopped container: %d", pid)
	}
	w.fails("cannot start a container that has stopped", "start", "c")
	w.fails("container not running", "kill", "c")
	w.fails("container not running", "pause", "c")
	w.fails("container not running", "update", "--memory", "64m", "c")
	w.fails("is not running", "events", "--stats", "c")
	if r := w.run("exec", "c", "/bin/busybox", "true"); r.status != 255 || !strings.Contains(r.err, "cannot exec in a stopped container") {
		t.Errorf("exec in a stopped container: %+v", r)
	}
	w.ok("kill", "--all", "c", "KILL")

	w.ok("delete", "c")
	w.gone("c")
	w.fails("container does not exist", "delete", "c")
}

func TestDeleteCreated(t *testing.T) {
	w := newWorld(t)
	w.create("c", nil)
	w.ok("delete", "c")
	w.gone("c")
}

func TestRun(t *testing.T) {
	for _, test := range []struct {
		name, script string
		status       int
		out, err     string
	}{
		{"success", "echo out; echo err >&2", 0, "out\n", "err\n"},
		{"exit status", "exit 7", 7, "", ""},
		{"ended by a signal", "kill -KILL $$", 128 + 9, "", ""},
		{"input", "cat", 0, "input", ""},
		{"orphans are reaped", "(sh -c 'exit 3' &); echo done; sleep 0.05", 0, "done\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			script := test.script
			if test.status == 128+9 {
				// Init is immune to its own signals: send it from outside.
				script = "touch /ready; exec sleep 1000"
			}
			bundle := w.bundle("r", shell(script))
			cmd := w.command("run", "--bundle", bundle, "r")
			cmd.Stdin = strings.NewReader("input")
			if test.status == 128+9 {
				killed := make(chan struct{})
				defer func() { <-killed }()
				go func() {
					defer close(killed)
					ready := filepath.Join(bundle, "rootfs/ready")
					eventually(t, "ready", func() bool { _, err := os.Stat(ready); return err == nil })
					w.run("kill", "r", "9")
				}()
			}
			r := w.finish(cmd)
			if r.status != test.status || r.out != test.out || r.err != test.err {
				t.Errorf("got %+v", r)
			}
			w.gone("r")
		})
	}
}

func TestRunWithoutProgram(t *testing.T) {
	w := newWorld(t)
	bundle := w.bundle("r", func(s *specs.Spec) { s.Process.Args = []string{"/no/such/program"} })
	w.fails("stat /no/such/program: no such file or directory", "run", "--bundle", bundle, "r")
	w.gone("r")
}

func TestRunForwardsSignals(t *testing.T) {
	w := newWorld(t)
	bundle := w.bundle("r", shell("trap 'echo got it; exit 5' TERM; echo ready; while :; do sleep 0.01; done"))
	cmd := w.command("run", "--bundle", bundle, "r")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Signal(unix.SIGTERM)
	rest, _ := io.ReadAll(out)
	_ = cmd.Wait()
	if string(rest) != "got it\n" || cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("output %q, exit status %d", rest, cmd.ProcessState.ExitCode())
	}
	w.gone("r")
}

func TestRunKeep(t *testing.T) {
	w := newWorld(t)
	w.ok("run", "--keep", "--bundle", w.bundle("r", shell("true")), "r")
	w.wantStatus("r", "stopped")
	w.ok("delete", "r")
	w.gone("r")
}

func TestRunDetached(t *testing.T) {
	w := newWorld(t)
	w.ok("run", "--detach", "--bundle", w.bundle("r", nil), "r")
	pid := w.state("r").PID
	w.wantStatus("r", "running")
	w.ok("delete", "-f", "r")
	reap(pid)
	w.gone("r")
}

func TestPause(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)
	w.ok("pause", "c")
	if got := w.cgroup("c", "freezer", "freezer.state"); got != "FROZEN" {
		t.Errorf("freezer.state: %s", got)
	}
	w.wantStatus("c", "paused")
	if r := w.run("exec", "c", "/bin/busybox", "true"); r.status != 255 || !strings.Contains(r.err, "cannot exec in a paused container") {
		t.Errorf("exec in a paused container: %+v", r)
	}
	w.ok("update", "--cpu-share", "200", "c")
	w.ok("resume", "c")
	if got := w.cgroup("c", "freezer", "freezer.state"); got != "THAWED" {
		t.Errorf("freezer.state: %s", got)
	}
	w.wantStatus("c", "running")
	w.fails("container not paused", "resume", "c")

	// The cleanup kills and removes it frozen.
	w.ok("pause", "c")
}

func TestKillAll(t *testing.T) {
	w := newWorld(t)
	// Neither ends, as the end of the first would be the end of the second.
	trap := "trap 'touch /$0' TERM; touch /$0.ready; while :; do sleep 0.01; done"
	bundle := w.bundle("c", func(s *specs.Spec) {
		s.Process.Args = busyboxArgs("sh", "-c", "(sh -c \""+strings.ReplaceAll(trap, "$", `\$`)+"\" two &); "+trap, "one")
	})
	w.createOf("c", bundle)
	w.ok("start", "c")
	exists := func(name string) func() bool {
		return func() bool { _, err := os.Stat(filepath.Join(bundle, "rootfs", name)); return err == nil }
	}
	eventually(t, "both wait", func() bool { return exists("one.ready")() && exists("two.ready")() })
	w.ok("kill", "--all", "c", "SIGTERM")
	eventually(t, "the first got it", exists("one"))
	eventually(t, "the second got it", exists("two"))
	w.wantStatus("c", "running")
	w.fails(`unknown signal "NONE"`, "kill", "c", "NONE")
}

func TestSharedPIDNamespace(t *testing.T) {
	w := newWorld(t)
	w.running("c", func(s *specs.Spec) {
		shell("sleep 1000 & exec sleep 1000")(s)
		s.Linux.Namespaces = slices.DeleteFunc(s.Linux.Namespaces, func(n specs.LinuxNamespace) bool {
			return n.Type == specs.PIDNamespace
		})
	})
	var pids []int
	eventually(t, "two processes", func() bool {
		pids = w.pids("c")
		return len(pids) == 2
	})
	w.ok("kill", "--all", "c", "KILL")
	for _, pid := range pids {
		reap(pid)
	}
	w.wantStatus("c", "stopped")
}

func (w *world) pids(id string) []int {
	w.t.Helper()
	var pids []int
	if err := json.Unmarshal([]byte(w.ok("ps", "--format", "json", id)), &pids); err != nil {
		w.t.Fatal(err)
	}
	return pids
}

func TestPs(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)
	pid := w.state("c").PID
	if got := w.pids("c"); !slices.Equal(got, []int{pid}) {
		t.Errorf("ps as JSON: %v, want %d", got, pid)
	}
	lines := strings.Split(strings.TrimSpace(w.ok("ps", "c")), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "UID") || !strings.Contains(lines[1], "sleep 1000") {
		t.Errorf("ps: %q", lines)
	}
	lines = strings.Split(strings.TrimSpace(w.ok("ps", "c", "-o", "pid,comm", "-e")), "\n")
	if len(lines) != 2 || strings.Fields(lines[1])[0] != strconv.Itoa(pid) {
		t.Errorf("ps with options: %q", lines)
	}
	w.fails("invalid format option", "ps", "--format", "xml", "c")
}

func TestList(t *testing.T) {
	w := newWorld(t)
	w.fails("no such file or directory", "list")
	w.create("a", nil)
	w.create("b", nil)
	if got := w.ok("list", "--quiet"); got != "a\nb\n" {
		t.Errorf("list --quiet: %q", got)
	}
	if lines := strings.Split(w.ok("list"), "\n"); len(lines) != 4 || !strings.HasPrefix(lines[0], "ID ") || !strings.HasPrefix(lines[2], "b ") {
		t.Errorf("list: %q", lines)
	}
	w.fails("invalid format option", "list", "--format", "xml")

	// What was cut off in the making hides no other.
	if err := os.Mkdir(filepath.Join(w.root, "half"), 0o711); err != nil {
		t.Fatal(err)
	}
	if r := w.run("list", "-q"); r.status != 0 || r.out != "a\nb\n" || !strings.Contains(r.err, "load container half") {
		t.Errorf("list with half a container: %+v", r)
	}
	w.ok("delete", "--force", "half")
	w.gone("half")
}

func TestPreserveFDs(t *testing.T) {
	w := newWorld(t)
	bundle := w.bundle("r", shell("cat <&3; cat <&4"))
	file := func(content string) *os.File {
		name := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	cmd := w.command("run", "--preserve-fds", "2", "--bundle", bundle, "r")
	cmd.ExtraFiles = []*os.File{file("three "), file("four")}
	if r := w.finish(cmd); r.status != 0 || r.out != "three four" {
		t.Errorf("got %+v", r)
	}
	// The log file is open by then; it must not pass for the missing one.
	w.log = filepath.Join(t.TempDir(), "log")
	w.fails("unable to stat preserved-fd 0 (of 1)", "run", "--preserve-fds", "1", "--bundle", bundle, "r")
	w.gone("r")
}

func TestListenFDs(t *testing.T) {
	w := newWorld(t)
	bundle := w.bundle("r", shell("echo $LISTEN_FDS $LISTEN_PID; cat <&3"))
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte("socket"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// LISTEN_PID must be the runtime's own: a shell knows it before its exec.
	args := append([]string{"sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`}, w.command("run", "--bundle", bundle, "r").Args...)
	cmd := exec.Command(busybox, args...)
	cmd.Env = slices.Concat(w.env, []string{"LISTEN_FDS=1"})
	cmd.ExtraFiles = []*os.File{f}
	if r := w.finish(cmd); r.out != "1 1\nsocket" {
		t.Errorf("got %+v", r)
	}
}

func TestDeviceRules(t *testing.T) {
	w := newWorld(t)
	bundle := w.bundle("r", func(s *specs.Spec) {
		shell("mknod /zero c 1 5; mknod /loop b 7 0; head -c 1 /zero | wc -c; head -c 1 /loop")(s)
		caps := s.Process.Capabilities
		for _, set := range []*[]string{&caps.Bounding, &caps.Effective, &caps.Permitted} {
			*set = append(*set, "CAP_MKNOD")
		}
	})
	if r := w.run("run", "--bundle", bundle, "r"); r.out != "1\n" || !strings.Contains(r.err, "Operation not permitted") {
		t.Errorf("got %+v", r)
	}
}

func TestSeccomp(t *testing.T) {
	w := newWorld(t)
	bundle := w.bundle("r", func(s *specs.Spec) {
		shell("mkdir /tmp/denied || echo denied")(s)
		s.Linux.Seccomp = &specs.LinuxSeccomp{
			DefaultAction: specs.ActAllow,
			Syscalls:      []specs.LinuxSyscall{{Names: []string{"mkdir", "mkdirat"}, Action: specs.ActErrno}},
		}
	})
	var features struct {
		Linux struct{ Seccomp struct{ Enabled bool } }
	}
	if err := json.Unmarshal([]byte(w.ok("features")), &features); err != nil {
		t.Fatal(err)
	}
	if !features.Linux.Seccomp.Enabled {
		w.fails("seccomp: config provided but seccomp not supported", "run", "--bundle", bundle, "r")
		w.gone("r")
		return
	}
	if r := w.run("run", "--bundle", bundle, "r"); r.out != "denied\n" {
		t.Errorf("got %+v", r)
	}
}
