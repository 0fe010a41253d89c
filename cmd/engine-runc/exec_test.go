package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func TestExec(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)

	process := filepath.Join(t.TempDir(), "process.json")
	data, err := json.Marshal(specs.Process{
		Args: busyboxArgs("sh", "-c", "echo $A; pwd; exit 4"), Env: []string{"A=file"}, Cwd: "/etc",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(process, data, 0o600); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name   string
		args   []string
		status int
		out    string
		err    string
	}{
		{"exit status", []string{"c", "/bin/busybox", "sh", "-c", "exit 3"}, 3, "", ""},
		{"env and cwd", []string{"--env", "A=1", "-e", "B=x y", "--cwd", "/tmp", "c", "/bin/busybox", "sh", "-c", `echo $A "$B"; pwd`}, 0, "1 x y\n/tmp\n", ""},
		{"user and group", []string{"--user", "12:34", "-g", "56", "c", "/bin/busybox", "sh", "-c", "id -u; id -G"}, 0, "12\n34 56\n", ""},
		{"flags after the id are the command's", []string{"c", "/bin/busybox", "echo", "--cwd"}, 0, "--cwd\n", ""},
		{"process file", []string{"--process", process, "c"}, 4, "file\n/etc\n", ""},
		{"capability", []string{"--cap", "CAP_SYS_CHROOT", "c", "/bin/busybox", "chroot", "/", "/bin/busybox", "echo", "in"}, 0, "in\n", ""},
		{"capability missing", []string{"c", "/bin/busybox", "chroot", "/", "/bin/busybox", "echo", "in"}, 1, "", "Operation not permitted"},
		{"privileges allowed", []string{"--no-new-privs=false", "c", "/bin/busybox", "grep", "NoNewPrivs", "/proc/self/status"}, 0, "NoNewPrivs:\t0\n", ""},
		{"no args", []string{"c"}, 255, "", "exec failed: exec args cannot be empty"},
		{"no program", []string{"c", "/none"}, 255, "", "no such file or directory"},
		{"bad uid", []string{"--user", "root", "c", "/bin/busybox"}, 255, "", "bad uid"},
		{"bad gid", []string{"--user", "1:x", "c", "/bin/busybox"}, 255, "", "bad gid"},
		{"relative cwd", []string{"--cwd", "tmp", "c", "/bin/busybox"}, 255, "", "Cwd must be an absolute path"},
		{"no process file", []string{"--process", "/none", "c"}, 255, "", "no such file or directory"},
		{"unknown container", []string{"none", "/bin/busybox"}, 255, "", "container does not exist"},
		{"missing sub-cgroup", []string{"--cgroup", "memory:none", "c", "/bin/busybox", "true"}, 255, "", "memory"},
		{"console socket without tty", []string{"--console-socket", "/none", "c", "/bin/busybox", "true"}, 255, "", "cannot use console socket"},
		{"detached tty without console socket", []string{"-d", "-t", "c", "/bin/busybox", "true"}, 255, "", "cannot allocate tty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := w.in(t).run(append([]string{"exec"}, test.args...)...)
			if r.status != test.status || r.out != test.out || !strings.Contains(r.err, test.err) {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestExecDetached(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)
	pidFile := filepath.Join(t.TempDir(), "pid")
	w.ok("exec", "--detach", "--pid-file", pidFile, "c", "/bin/busybox", "sleep", "1000")
	pid, err := strconv.Atoi(read(t, pidFile))
	if err != nil {
		t.Fatal(err)
	}
	if pids := w.pids("c"); len(pids) != 2 {
		t.Errorf("processes: %v", pids)
	}
	// The PID namespace does not end before its last process was reaped, and
	// that is for us to do: we started it.
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	reap(pid)
}

func TestExecSubCgroup(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)
	below := filepath.Join(cgroupRoot, "memory", w.cgroupOf("c"), "below")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	out := w.ok("exec", "--cgroup", "memory:below", "c", "/bin/busybox", "grep", ":memory:", "/proc/self/cgroup")
	if !strings.HasSuffix(out, "/below\n") {
		t.Errorf("cgroup of the process: %q", out)
	}
}

func TestExecIgnorePaused(t *testing.T) {
	w := newWorld(t)
	w.running("c", nil)
	w.ok("pause", "c")
	cmd := w.command("exec", "--ignore-paused", "c", "/bin/busybox", "echo", "thawed")
	done := make(chan result)
	go func() { done <- w.finish(cmd) }()
	w.ok("resume", "c")
	if r := <-done; r.status != 0 || r.out != "thawed\n" {
		t.Errorf("got %+v", r)
	}
}
