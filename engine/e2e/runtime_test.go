package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// TestOtherRuntimes runs containers with Debian's runtimes in place of ours.
func TestOtherRuntimes(t *testing.T) {
	needRoot(t, "that runc and crun make the engine's containers")
	d := newDaemon(t)
	for _, name := range []string{"runc", "crun"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		d.args = append(d.args, "--add-runtime", name+"="+path)
	}
	d.withoutHybrid()
	d.start()
	d.load()
	for _, name := range []string{"engine", "runc", "crun"} {
		if got := d.engine("run", "--rm", "--runtime", name, "busybox", "echo", "ran"); got != "ran" {
			t.Errorf("%s: run: %q", name, got)
		}
		d.engine("run", "-d", "--name", name, "--runtime", name, "--network", "none", "-m", "64m", "busybox", "sleep", "1000")
		if got := d.engine("inspect", "-f", "{{.HostConfig.Runtime}}", name); got != name {
			t.Errorf("%s: inspect tells %q", name, got)
		}
		if got := d.engine("exec", name, "cat", "/proc/1/cmdline"); !strings.HasPrefix(got, "sleep") {
			t.Errorf("%s: exec: %q", name, got)
		}
		if got := d.engine("exec", name, "grep", "Seccomp:", "/proc/self/status"); strings.Fields(got)[1] != "2" {
			t.Errorf("%s: system calls are not filtered: %q", name, got)
		}
		d.engine("pause", name)
		d.engine("unpause", name)
		d.engine("update", "--memory", "32m", "--memory-swap", "64m", name)
		if got := d.engine("exec", name, "cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes"); got != "33554432" {
			t.Errorf("%s: after update: %q", name, got)
		}
		if got := d.engine("top", name, "-o", "pid,comm"); !strings.Contains(got, "sleep") {
			t.Errorf("%s: top: %q", name, got)
		}
		d.engine("stop", "-t", "0", name)
		d.engine("rm", name)
	}
	if r := d.command("docker", nil, "run", "--runtime", "nosuch", "busybox", "true"); r.exit != 125 || !strings.Contains(r.stderr, "unknown or invalid runtime name: nosuch") {
		t.Errorf("an unknown runtime: exit %d\n%s", r.exit, r.stderr)
	}
	if got := d.engine("info", "-f", "{{range $name, $r := .Runtimes}}{{$name}} {{end}}"); got != "crun engine io.containerd.runc.v2 runc" {
		t.Errorf("info tells of runtimes %q", got)
	}
}

// withoutHybrid lets the daemon see no version 2 beside version 1 of the
// cgroups: crun refuses to run where both have controllers.
func (d *daemon) withoutHybrid() {
	d.args = append([]string{"--mount", "/bin/sh", "-c", `/bin/umount /sys/fs/cgroup/unified; exec "$0" "$@"`, d.path}, d.args...)
	d.path = "/usr/bin/unshare"
}
