package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestExchange puts docker's and containerd's own programs in the places of
// ours, one after the other: each border speaks the protocol of the real thing.
func TestExchange(t *testing.T) {
	needRoot(t, "that each program can be exchanged for the real one")
	var rows []string
	defer func() {
		record("exchange", "| in place of | runs with | what was done |\n|---|---|---|\n"+strings.Join(rows, "\n")+"\n")
	}()
	for _, test := range []struct {
		instead, with string
		run           func(t *testing.T) (done string)
	}{
		{"engined", "Debian's dockerd 20.10, driven by `engine`", commandLineOnDocker},
		{"engine-containerd", "Debian's containerd 1.6, with our shim and runtime", engineOnContainerd},
		{"containerd-shim-engine-v2", "Debian's containerd-shim-runc-v2, with engine-runc", engineOnOtherShim},
		{"engined", "Debian's `ctr`, on engine-containerd", ctrOnEngine},
	} {
		t.Run(test.instead+" for "+test.with, func(t *testing.T) {
			done := test.run(t)
			if !t.Failed() {
				rows = append(rows, fmt.Sprintf("| %s | %s | %s |", test.instead, test.with, done))
			}
		})
	}
}

// daily is what people do with a container, one command after the other.
const daily = "run, ps, exec, logs, inspect, update, pause, unpause, cp, top, rename, kill, restart, stop, rm"

// useDaily does so with our command line.
func (d *daemon) useDaily() {
	d.t.Helper()
	if got := d.engine("run", "--rm", "--network", "none", "busybox", "echo", "ran"); got != "ran" {
		d.t.Errorf("run: %q", got)
	}
	d.engine("run", "-d", "--name", "box", "--network", "none", "busybox", "sh", "-c", "echo begun; exec sleep 1000")
	if got := d.engine("ps", "--format", "{{.Names}} {{.Command}}"); !strings.HasPrefix(got, "box ") {
		d.t.Errorf("ps: %q", got)
	}
	if got := d.engine("exec", "box", "echo", "there"); got != "there" {
		d.t.Errorf("exec: %q", got)
	}
	if got := d.engine("logs", "box"); got != "begun" {
		d.t.Errorf("logs: %q", got)
	}
	d.engine("update", "--memory", "64m", "--memory-swap", "64m", "box")
	if got := d.engine("inspect", "-f", "{{.HostConfig.Memory}} {{.State.Status}}", "box"); got != "67108864 running" {
		d.t.Errorf("inspect: %q", got)
	}
	d.engine("pause", "box")
	d.engine("unpause", "box")
	file := d.dir("copied")
	d.engine("cp", "box:/etc/group", file)
	if got, err := os.ReadFile(file); err != nil || !strings.Contains(string(got), "nogroup") {
		d.t.Errorf("cp: %q %v", got, err)
	}
	if got := d.engine("top", "box", "-o", "pid,comm"); !strings.Contains(got, "sleep") {
		d.t.Errorf("top: %q", got)
	}
	d.engine("rename", "box", "other")
	d.engine("restart", "-t", "0", "other")
	d.engine("kill", "other")
	d.engine("start", "other")
	d.engine("stop", "-t", "0", "other")
	d.engine("rm", "other")
}

func commandLineOnDocker(t *testing.T) string {
	t.Helper()
	d := newDaemonOf(t, "/usr/sbin/dockerd")
	d.start()
	d.load()
	d.useDaily()
	return daily
}

// engineOnContainerd has engined use a containerd that finds our shim on its
// PATH, and nothing else of ours.
func engineOnContainerd(t *testing.T) string {
	t.Helper()
	d := newDaemon(t)
	address := d.otherContainerd()
	d.args = append(d.args, "--containerd", address)
	d.start()
	d.load()
	d.useDaily()
	return daily
}

// engineOnOtherShim has engine-containerd start containerd's shim, and that
// engine-runc by the name that it knows.
func engineOnOtherShim(t *testing.T) string {
	t.Helper()
	shim, err := exec.LookPath("containerd-shim-runc-v2")
	if err != nil {
		t.Fatal(err)
	}
	d := newDaemon(t, "--default-runtime", shim)
	runtime := filepath.Join(filepath.Dir(d.path), "engine-runc")
	if err := os.Symlink(runtime, filepath.Join(d.tools(), "runc")); err != nil {
		t.Fatal(err)
	}
	d.start()
	d.load()
	d.useDaily()
	return daily
}

// otherContainerd starts Debian's containerd and returns its socket.
func (d *daemon) otherContainerd() string {
	d.t.Helper()
	path, err := exec.LookPath("containerd")
	if err != nil {
		d.t.Fatal(err)
	}
	socket := d.dir("c.sock")
	config := d.dir("containerd.toml")
	text := fmt.Sprintf("version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = %q\n", d.dir("croot"), d.dir("cstate"), socket)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	log, err := os.Create(d.dir("containerd.log"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(path, "--config", config)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(d.path)+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		// Before the daemon's own clean-up looks for what is left.
		d.stop()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	eventually(d.t, "containerd answers", func() bool {
		_, err := os.Stat(socket)
		return err == nil
	})
	return socket
}

// ctrOnEngine drives the engine's containerd with containerd's own command line.
func ctrOnEngine(t *testing.T) string {
	t.Helper()
	ctr, err := exec.LookPath("ctr")
	if err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t)
	socket := filepath.Join(d.dir("exec"), "containerd", "containerd.sock")
	do := func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, ctr, append([]string{"-a", socket, "-n", "ctr"}, args...)...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Errorf("ctr %s: %v\n%s", strings.Join(args, " "), err, errs.String())
		}
		return strings.TrimSpace(out.String())
	}
	do("images", "import", busybox(t))
	if got := do("images", "ls", "-q"); !strings.Contains(got, "busybox:latest") {
		t.Errorf("images: %q", got)
	}
	const image = "docker.io/library/busybox:latest"
	runtime := []string{"run", "--runtime", "io.containerd.engine.v2"}
	if got := do(append(runtime, "--rm", image, "once", "echo", "ran")...); got != "ran" {
		t.Errorf("run: %q", got)
	}
	do(append(runtime, "-d", image, "box", "sleep", "1000")...)
	if got := do("tasks", "ls"); !strings.Contains(got, "RUNNING") {
		t.Errorf("tasks: %q", got)
	}
	if got := do("tasks", "exec", "--exec-id", "e1", "box", "echo", "there"); got != "there" {
		t.Errorf("exec: %q", got)
	}
	do("tasks", "pause", "box")
	do("tasks", "resume", "box")
	do("tasks", "kill", "-s", "SIGKILL", "box")
	eventually(t, "the task has ended", func() bool { return strings.Contains(do("tasks", "ls"), "STOPPED") })
	do("tasks", "delete", "box")
	do("containers", "delete", "box")
	do("images", "rm", image)
	return "images import, ls and rm, run, tasks ls, exec, pause, resume, kill and delete, containers delete"
}
