package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/containerd/client"
	"github.com/callroute/callroute/engine/containerd/types"
)

const (
	// cgroupParent holds the cgroups of all containers of these tests.
	cgroupParent = "/callroute-containerd-test"
	ours         = "io.containerd.engine.v2"
	debians      = "io.containerd.runc.v2"
)

// scratch is the folder of everything that the tests make. Its name is short:
// sockets are in it, and a socket's path has 107 bytes.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "ec"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(scratch)
	defer func() {
		parents, _ := filepath.Glob("/sys/fs/cgroup/*" + cgroupParent)
		for _, dir := range append(parents, "/sys/fs/cgroup"+cgroupParent) {
			_ = unix.Rmdir(dir)
		}
	}()
	return m.Run()
}

// bin is the folder with the programs, built once.
var bin = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(scratch, "bin")
	build := exec.Command("go", "build", "-tags", "seccomp", "-o", dir+"/", ".", "../containerd-shim-engine-v2", "../engine-runc")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
})

// needRoot skips a test without root, and says what is not tested then. As root
// it fails the test if the machine lacks something.
func needRoot(tb testing.TB, leftOut string) {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("without root it is not tested " + leftOut)
	}
	for _, tool := range []string{"busybox", "runc", "ctr", "containerd", "containerd-shim-runc-v2"} {
		if _, err := exec.LookPath(tool); err != nil {
			tb.Fatalf("%s is missing", tool)
		}
	}
	if _, err := bin(); err != nil {
		tb.Fatal(err)
	}
}

// host is a containerd on folders of its own, and a client of it.
type host struct {
	*client.Client
	t       testing.TB
	dir     string
	runtime string
	binary  string
	args    []string
	cmd     *exec.Cmd
	log     lockedBuffer
}

// newHost starts ours for containers of a runtime.
func newHost(tb testing.TB, runtime string) *host {
	tb.Helper()
	needRoot(tb, "that containers run")
	programs, err := bin()
	if err != nil {
		tb.Fatal(err)
	}
	h := prepareHost(tb, runtime)
	h.binary = filepath.Join(programs, "engine-containerd")
	h.args = []string{"--address", h.address(), "--root", h.path("root"), "--state", h.path("state"), "--log-level", "debug"}
	h.start()
	return h
}

func prepareHost(tb testing.TB, runtime string) *host {
	tb.Helper()
	dir, err := os.MkdirTemp(scratch, "")
	if err != nil {
		tb.Fatal(err)
	}
	h := &host{t: tb, dir: dir}
	h.runtime = runtime
	h.connect(h.address())
	tb.Cleanup(func() {
		h.Client.Close()
		h.stop()
		h.nothingLeft()
		if tb.Failed() {
			text := h.log.String()
			tb.Logf("the end of containerd's log:\n%s", text[max(0, len(text)-6000):])
		}
	})
	return h
}

// connect makes the client one of another socket.
func (h *host) connect(address string) {
	h.t.Helper()
	var err error
	if h.Client, err = client.New(client.Config{
		Address: address, Namespace: "test", Runtime: h.runtime, RuntimeRoot: h.path("runc"),
	}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) path(name string) string { return filepath.Join(h.dir, name) }

func (h *host) address() string { return h.path("c.sock") }

// start starts containerd and waits until it serves.
func (h *host) start() {
	h.t.Helper()
	h.cmd = exec.Command(h.binary, h.args...)
	h.cmd.Stdout, h.cmd.Stderr = &h.log, &h.log
	if err := h.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.eventually("containerd answers", func() bool {
		conn, err := net.Dial("unix", h.address())
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// stop ends containerd as a service manager does.
func (h *host) stop() {
	h.t.Helper()
	if h.cmd == nil {
		return
	}
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	if err := h.cmd.Wait(); err != nil {
		h.t.Errorf("containerd: %v", err)
	}
	h.cmd = nil
}

// kill ends it as nothing should.
func (h *host) kill() {
	h.t.Helper()
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait() // it was killed
	h.cmd = nil
}

// eventually waits for what must come.
func (h *host) eventually(what string, holds func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("not in ten seconds: %s\n%s", what, h.log.String())
		}
	}
}

// context ends before the test's own time is up, so that what hangs is named.
func (h *host) context() context.Context {
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	h.t.Cleanup(cancel)
	return ctx
}

// nothingLeft reports the processes, mounts, bundles and cgroups of this host
// that are there though its containers were removed.
func (h *host) nothingLeft() {
	h.t.Helper()
	left := h.processes()
	for range 200 {
		if len(left) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond) // one may be on its way out
		left = h.processes()
	}
	for pid, argv := range left {
		h.t.Errorf("process left: %d %s", pid, argv)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		h.t.Error(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if at := strings.Fields(line)[4]; strings.HasPrefix(at, h.dir+"/") {
			h.t.Errorf("mount left: %s", at)
			_ = unix.Unmount(at, unix.MNT_DETACH)
		}
	}
	for _, pattern := range []string{
		h.path("state/io.containerd.runtime.v2.task/*/*"), h.path("root/io.containerd.runtime.v2.task/*/*"), h.path("root/tmpmounts/*"),
		h.path("state/s/*"), "/sys/fs/cgroup/*" + cgroupParent + "/" + filepath.Base(h.dir) + "-*",
	} {
		found, _ := filepath.Glob(pattern)
		for _, f := range found {
			h.t.Errorf("left: %s", f)
			endCgroup(f)
		}
	}
}

// endCgroup kills what is left in a cgroup and removes it. Nothing else has the
// file by which it is known.
func endCgroup(dir string) {
	data, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return
	}
	for _, field := range strings.Fields(string(data)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	for range 50 {
		if err := unix.Rmdir(dir); err == nil || errors.Is(err, unix.ENOENT) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// processes is every other process that has this host's folder in its arguments
// or works in it.
func (h *host) processes() map[int]string {
	found := map[int]string{}
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, proc := range procs {
		pid, err := strconv.Atoi(filepath.Base(proc))
		if err != nil || pid == os.Getpid() {
			continue
		}
		argv, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
		cwd, _ := os.Readlink(filepath.Join(proc, "cwd"))
		if strings.Contains(string(argv), h.dir+"/") || strings.HasPrefix(cwd, h.dir+"/") {
			found[pid] = strings.ReplaceAll(string(argv), "\x00", " ")
		}
	}
	return found
}

// shimOf is the process of a container's shim.
func (h *host) shimOf(id string) int {
	h.t.Helper()
	for pid, argv := range h.processes() {
		if strings.Contains(argv, "containerd-shim") && strings.Contains(argv, " -id "+id+" ") {
			return pid
		}
	}
	h.t.Fatalf("%s has no shim", id)
	return 0
}

// id makes a container's name one that no other host of the machine has.
func (h *host) id(name string) string { return filepath.Base(h.dir) + "-" + name }

// create makes a container of busybox whose process is args, on a snapshot of
// its own.
func (h *host) create(name string, io types.IO, args ...string) (id string, pid int) {
	h.t.Helper()
	id = h.id(name)
	pid, err := h.Create(h.context(), id, h.options(id, io, args...))
	if err != nil {
		h.t.Fatalf("create: %v", err)
	}
	return id, pid
}

func (h *host) options(id string, io types.IO, args ...string) types.CreateOptions {
	h.t.Helper()
	chain := h.load()
	// Kept as the daemon keeps it: between two creates no record holds it, and
	// the collector may come.
	kept := snapshots.WithLabels(map[string]string{"containerd.io/gc.root": time.Now().UTC().Format(time.RFC3339)})
	mounts, err := h.Stores().Snapshots.Prepare(h.context(), id, chain.String(), kept)
	if err != nil {
		h.t.Fatalf("snapshot: %v", err)
	}
	return types.CreateOptions{
		Spec: specOf(id, args, io.Terminal), Rootfs: mounts, SnapshotKey: id, Image: imageName, IO: io,
		Labels: map[string]string{"by": "test"},
	}
}

// run creates a container and starts it.
func (h *host) run(name string, args ...string) (id string, pid int) {
	h.t.Helper()
	id, pid = h.create(name, types.IO{}, args...)
	started, err := h.Start(h.context(), id, "")
	if err != nil {
		h.t.Fatalf("start: %v", err)
	}
	if started != 0 && started != pid {
		h.t.Errorf("created as process %d, started as %d", pid, started)
	}
	return id, pid
}

// remove kills a container and removes all there is of it.
func (h *host) remove(id string) {
	h.t.Helper()
	if err := h.Kill(h.context(), id, "", int(unix.SIGKILL), types.KillAll); err != nil {
		h.t.Errorf("kill: %v", err)
	}
	if _, err := h.Wait(h.context(), id, ""); err != nil {
		h.t.Errorf("wait: %v", err)
	}
	h.delete(id)
}

// delete removes a container that has ended.
func (h *host) delete(id string) {
	h.t.Helper()
	if _, err := h.Remove(h.context(), id, ""); err != nil {
		h.t.Errorf("remove: %v", err)
	}
	if err := h.Stores().Snapshots.Remove(h.context(), id); err != nil && !errdefs.IsNotFound(err) { // the collector may have been faster
		h.t.Errorf("snapshot: %v", err)
	}
}

func (h *host) wantStatus(id string, want types.Status) types.ProcessState {
	h.t.Helper()
	state, err := h.State(h.context(), id, "")
	if err != nil {
		h.t.Fatalf("state: %v", err)
	}
	if state.Status != want {
		h.t.Errorf("%s is %s, not %s", id, state.Status, want)
	}
	return state
}

func specOf(id string, args []string, terminal bool) *specs.Spec {
	return &specs.Spec{
		Version:  "1.0.2",
		Hostname: "box",
		Root:     &specs.Root{Path: "rootfs"},
		Process:  processOf(args, terminal),
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc"},
			{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "mode=755"}},
			{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}},
		},
		Linux: &specs.Linux{
			CgroupsPath: filepath.Join(cgroupParent, id),
			Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace},
				{Type: specs.IPCNamespace},
				{Type: specs.UTSNamespace},
				{Type: specs.MountNamespace},
				{Type: specs.NetworkNamespace},
			},
		},
	}
}

func processOf(args []string, terminal bool) *specs.Process {
	return &specs.Process{Args: args, Env: []string{"PATH=/bin"}, Cwd: "/", Terminal: terminal}
}

// alive reports whether a process runs, a zombie not counting.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// exitCode is that of a command that has ended.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}
