package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
)

// ctr runs containerd's own command line.
func (h *host) ctr(args ...string) (string, error) {
	h.t.Helper()
	cmd := exec.CommandContext(h.context(), "ctr", append([]string{"-a", h.address()}, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestCtr has containerd's command line, of another version and with a runtime
// that is not ours too, drive containerd.
func TestCtr(t *testing.T) {
	image, err := busyboxTar()
	if err != nil {
		t.Fatal(err)
	}
	for _, runtime := range []string{ours, debians} {
		t.Run(runtime, func(t *testing.T) {
			h := newHost(t, runtime)
			id := h.id("c")
			step := func(want string, args ...string) {
				t.Helper()
				out, err := h.ctr(args...)
				if err != nil || !strings.Contains(out, want) {
					t.Errorf("ctr %s: %v\n%s\nwithout %q", strings.Join(args, " "), err, out, want)
				}
			}
			run := func(args ...string) []string {
				return append([]string{"run", "--runtime", runtime, "--runc-root", h.path("runc"), "--cgroup", cgroupParent + "/" + id}, args...)
			}
			step("Server:", "version")
			step("done", "images", "import", image)
			step(imageName, "images", "ls")
			step("sha256:", "content", "ls")
			step("hello", run("--rm", imageName, id, "echo", "hello")...)
			if out, err := h.ctr(run("--rm", imageName, id, "sh", "-c", "exit 7")...); exitCode(err) != 7 {
				t.Errorf("exit code %d\n%s", exitCode(err), out)
			}
			step("", run("-d", imageName, id, "sleep", "1000")...)
			step("RUNNING", "task", "ls")
			step(id, "containers", "info", id)
			step("inside", "task", "exec", "--exec-id", "e", id, "echo", "inside")
			step("", "task", "ps", id)
			step("", "task", "metrics", id)
			step("", "task", "pause", id)
			step("PAUSED", "task", "ls")
			step("", "task", "resume", id)
			step("", "task", "kill", "-s", "KILL", id)
			h.eventually("it has stopped", func() bool {
				out, _ := h.ctr("task", "ls")
				return strings.Contains(out, "STOPPED")
			})
			_, _ = h.ctr("task", "rm", id) // its exit code is the container's
			step("", "containers", "rm", id)
			for _, gone := range []string{"task", "containers"} {
				if out, err := h.ctr(gone, "ls"); err != nil || strings.Contains(out, id) {
					t.Errorf("%s: %s", gone, out)
				}
			}
			step("overlayfs", "plugins", "ls")
			step("default", "namespaces", "ls")
			step("", "namespaces", "create", "other", "a=b")
			step("", "namespaces", "label", "other", "a=c")
			step("a=c", "namespaces", "ls")
			step("", "namespaces", "rm", "other")
			step("", "leases", "create", "--id", "kept")
			step("kept", "leases", "ls")
			step("", "leases", "rm", "kept")
			step("", "images", "export", h.path("out.tar"), imageName)
			step("", "images", "tag", imageName, "docker.io/library/other:1")
			step("other:1", "images", "ls")
			step("", "images", "rm", "--sync", imageName, "docker.io/library/other:1")
			if left := h.files("root/io.containerd.content.v1.content/blobs"); len(left) != 0 {
				t.Errorf("blobs left: %v", left)
			}
		})
	}
}

// TestOtherContainerd has our client drive Debian's containerd.
func TestOtherContainerd(t *testing.T) {
	needRoot(t, "that our client drives another containerd")
	h := prepareHost(t, debians)
	h.binary = "/usr/bin/containerd"
	config := h.path("config.toml")
	text := "version = 2\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\", \"io.containerd.snapshotter.v1.btrfs\", \"io.containerd.snapshotter.v1.zfs\", \"io.containerd.snapshotter.v1.devmapper\", \"io.containerd.internal.v1.opt\"]\n"
	if err := writeFile(config, text); err != nil {
		t.Fatal(err)
	}
	h.args = []string{"--config", config, "--address", h.address(), "--root", h.path("root"), "--state", h.path("state"), "--log-level", "debug"}
	h.start()
	ctx := h.context()
	if version, _, err := h.Version(ctx); err != nil || !strings.HasPrefix(version, "1.") {
		t.Errorf("version %q, %v", version, err)
	}
	out := h.fifo("out")
	id, _ := h.create("c", ioTo(out, h.fifo("err")), "sh", "-c", "echo up; exec sleep 1000")
	if _, err := h.Start(ctx, id, ""); err != nil {
		t.Fatalf("start: %v", err)
	}
	if got := out.line(); got != "up" {
		t.Errorf("it says %q", got)
	}
	h.execVerbs(id)
	if _, metrics, err := h.Metrics(ctx, id); err != nil || metrics == nil {
		t.Errorf("metrics: %v, %v", metrics, err)
	}
	h.kill()
	h.start()
	h.wantStatus(id, "running")
	heard := h.listen(ctx)
	if err := h.Pause(ctx, id); err != nil {
		t.Errorf("pause: %v", err)
	}
	h.wantStatus(id, "paused")
	if err := h.Unpause(ctx, id); err != nil {
		t.Errorf("unpause: %v", err)
	}
	heard.want("/tasks/paused", id, "")
	// It is too old to be asked, which the daemon must be able to tell.
	if _, err := h.RuntimeFeatures(ctx, ""); !errdefs.IsNotImplemented(err) {
		t.Errorf("features of its runtime: %v", err)
	}
	if all, err := h.List(ctx); err != nil || len(all) != 1 || filepath.Base(all[0].ID) != id {
		t.Errorf("list: %+v, %v", all, err)
	}
	h.remove(id)
}
