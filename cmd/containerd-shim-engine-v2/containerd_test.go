package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	runtimeOfTest = "io.containerd.engine.v2"
	imageOfTest   = "example.com/box:latest"
)

// TestContainerd lets the system's containerd, of version 1.6, run containers
// through the shim.
func TestContainerd(t *testing.T) {
	c := newContainerd(t)
	c.ctr("images", "import", c.image())

	if out, code := c.try("run", "--rm", "--runtime", runtimeOfTest, imageOfTest, "one", "sh", "-c", "echo hi; exit 3"); out != "hi\n" || code != 3 {
		t.Errorf("run: %q, code %d", out, code)
	}
	if out, code := c.try("run", "--rm", "--runtime", runtimeOfTest, imageOfTest, "two", "nosuch"); code == 0 || !strings.Contains(out, "OCI runtime create failed") {
		t.Errorf("run of what is not there: %q, code %d", out, code)
	}

	c.ctr("run", "-d", "--runtime", runtimeOfTest, imageOfTest, "three", "sleep", "100")
	c.wantTask("three", "RUNNING")
	if out, code := c.try("tasks", "exec", "--exec-id", "e1", "three", "sh", "-c", "echo in; exit 4"); out != "in\n" || code != 4 {
		t.Errorf("exec: %q, code %d", out, code)
	}
	c.ctr("tasks", "pause", "three")
	c.wantTask("three", "PAUSED")
	c.ctr("tasks", "resume", "three")
	if out := c.ctr("tasks", "metrics", "three"); !strings.Contains(out, "memory.usage_in_bytes") && !strings.Contains(out, "memory.current") {
		t.Errorf("metrics: %q", out)
	}
	if out := c.ctr("tasks", "ps", "three"); strings.Count(out, "\n") != 2 {
		t.Errorf("ps: %q", out)
	}

	// The container outlives containerd, which finds it again.
	c.restart()
	c.wantTask("three", "RUNNING")
	c.ctr("tasks", "kill", "-s", "SIGKILL", "three")
	c.wantTask("three", "STOPPED")
	c.ctr("tasks", "rm", "three")
	c.ctr("containers", "rm", "three")

	// A shim that dies is cleaned up after.
	c.ctr("run", "-d", "--runtime", runtimeOfTest, imageOfTest, "four", "sleep", "100")
	c.wantTask("four", "RUNNING")
	for pid, cmdline := range processesIn(c.dir) {
		if strings.Contains(cmdline, "containerd-shim-engine-v2") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	c.wantNoTask("four")
	c.ctr("containers", "rm", "four")
}

// containerd is one with a root of its own.
type containerd struct {
	t         *testing.T
	dir       string
	socket    string
	namespace string
	path      string // PATH with the shim on it
	daemon    *exec.Cmd
	log       lockedBuffer
}

func newContainerd(t *testing.T) *containerd {
	t.Helper()
	p := asRoot(t, "that containerd 1.6 can use the shim")
	component(t, "containerd")
	component(t, "ctr")
	dir, err := os.MkdirTemp("", "cd")
	if err != nil {
		t.Fatal(err)
	}
	c := &containerd{
		t:         t,
		dir:       dir,
		socket:    filepath.Join(dir, "containerd.sock"),
		namespace: "shimtest-" + filepath.Base(dir),
		path:      p.dir + ":" + os.Getenv("PATH"),
	}
	config := fmt.Sprintf("version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = %q\n",
		filepath.Join(dir, "root"), filepath.Join(dir, "state"), c.socket)
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c.start()
	t.Cleanup(c.end)
	return c
}

func (c *containerd) start() {
	c.t.Helper()
	c.daemon = exec.Command("containerd", "-c", filepath.Join(c.dir, "config.toml"))
	c.daemon.Env = append(os.Environ(), "PATH="+c.path)
	c.daemon.Stdout, c.daemon.Stderr = &c.log, &c.log
	if err := c.daemon.Start(); err != nil {
		c.t.Fatal(err)
	}
	for range 200 {
		if _, code := c.try("version"); code == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.t.Fatalf("containerd does not come up:\n%s", c.log.String())
}

func (c *containerd) restart() {
	c.t.Helper()
	_ = c.daemon.Process.Kill()
	_ = c.daemon.Wait()
	c.start()
}

func (c *containerd) end() {
	_ = c.daemon.Process.Signal(syscall.SIGTERM)
	_ = c.daemon.Wait()
	for pid, cmdline := range processesIn(c.dir) {
		c.t.Errorf("process left: %s", cmdline)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, c.dir+"/") {
			c.t.Errorf("mount left: %s", line)
			_ = unix.Unmount(strings.Fields(line)[4], unix.MNT_DETACH)
		}
	}
	state := filepath.Join("/run/containerd/runc", c.namespace)
	left, _ := filepath.Glob(filepath.Join(state, "*"))
	cgroups, _ := filepath.Glob(filepath.Join("/sys/fs/cgroup", "*", c.namespace, "*", "cgroup.procs"))
	left = append(left, cgroups...)
	for _, id := range []string{"one", "two", "three", "four"} {
		socket := socketPath(invocation{namespace: c.namespace, id: id, address: c.socket}, defaultSocketDir)
		if _, err := os.Stat(socket); err == nil {
			left = append(left, socket)
			os.Remove(socket)
		}
	}
	for _, path := range left {
		c.t.Errorf("left: %s", path)
	}
	os.RemoveAll(state)
	parents, _ := filepath.Glob(filepath.Join("/sys/fs/cgroup", "*", c.namespace))
	for _, d := range parents {
		_ = unix.Rmdir(d)
	}
	if c.t.Failed() {
		c.t.Logf("containerd's log:\n%s", c.log.String())
	}
	os.RemoveAll(c.dir)
}

// try runs ctr and returns what it printed and its exit code.
func (c *containerd) try(args ...string) (string, int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ctr", append([]string{"-a", c.socket, "-n", c.namespace}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// ctr runs ctr, which must succeed.
func (c *containerd) ctr(args ...string) string {
	c.t.Helper()
	out, code := c.try(args...)
	if code != 0 {
		c.t.Fatalf("ctr %q: code %d\n%s", args, code, out)
	}
	return out
}

func (c *containerd) wantTask(id, status string) {
	c.t.Helper()
	line := regexp.MustCompile(`(?m)^` + id + `\s+\d+\s+` + status + `\s*$`)
	var out string
	for range 200 {
		if out = c.ctr("tasks", "ls"); line.MatchString(out) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.t.Fatalf("task %s is not %s:\n%s", id, status, out)
}

func (c *containerd) wantNoTask(id string) {
	c.t.Helper()
	var out string
	for range 200 {
		if out = c.ctr("tasks", "ls"); !strings.Contains(out, id) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.t.Fatalf("task %s is still there:\n%s", id, out)
}

// image writes an image of busybox, as docker save does.
func (c *containerd) image() string {
	c.t.Helper()
	busybox, err := os.ReadFile(component(c.t, "busybox"))
	if err != nil {
		c.t.Fatal(err)
	}
	files := []tarFile{{tar.Header{Name: "bin/busybox", Mode: 0o755, Size: int64(len(busybox))}, busybox}}
	for _, applet := range []string{"sh", "sleep", "echo"} {
		files = append(files, tarFile{tar.Header{Name: "bin/" + applet, Typeflag: tar.TypeSymlink, Linkname: "busybox"}, nil})
	}
	layer := c.tar(files)
	config := c.json(map[string]any{
		"architecture": "amd64", "os": "linux",
		"config": map[string]any{"Env": []string{"PATH=/bin"}, "Cmd": []string{"sh"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
	})
	manifest := c.json([]map[string]any{{"Config": "config.json", "RepoTags": []string{imageOfTest}, "Layers": []string{"layer.tar"}}})
	archive := c.tar([]tarFile{
		{tar.Header{Name: "layer.tar", Mode: 0o600, Size: int64(len(layer))}, layer},
		{tar.Header{Name: "config.json", Mode: 0o600, Size: int64(len(config))}, config},
		{tar.Header{Name: "manifest.json", Mode: 0o600, Size: int64(len(manifest))}, manifest},
	})
	path := filepath.Join(c.dir, "image.tar")
	if err := os.WriteFile(path, archive, 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

type tarFile struct {
	header tar.Header
	data   []byte
}

func (c *containerd) tar(files []tarFile) []byte {
	c.t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range files {
		if err := w.WriteHeader(&f.header); err != nil {
			c.t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		c.t.Fatal(err)
	}
	return buf.Bytes()
}

func (c *containerd) json(v any) []byte {
	c.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		c.t.Fatal(err)
	}
	return data
}
