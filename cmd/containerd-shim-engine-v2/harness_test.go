package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	task "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/api/types/runc/options"
	api "github.com/containerd/containerd/api/types/task"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/shim/client"
)

// cgroupParent holds the cgroups of all containers of these tests.
const cgroupParent = "/callroute-shim-test"

// programs are what the tests execute, built once.
type programs struct {
	dir  string // holds containerd-shim-engine-v2 and engine-runc
	shim string
	err  error
}

var built = sync.OnceValue(func() programs {
	dir, err := os.MkdirTemp("", "shim-test")
	if err != nil {
		return programs{err: err}
	}
	p := programs{dir: dir, shim: filepath.Join(dir, "containerd-shim-engine-v2")}
	for _, args := range [][]string{
		{"build", "-o", p.shim, "."},
		{"build", "-tags", "seccomp", "-o", filepath.Join(dir, "engine-runc"), "../engine-runc"},
	} {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			return programs{dir: dir, err: fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)}
		}
	}
	return p
})

// asRoot skips a test that needs root, and says what that leaves out.
func asRoot(tb testing.TB, leftOut string) programs {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("without root it is not tested " + leftOut)
	}
	p := built()
	if p.err != nil {
		tb.Fatal(p.err)
	}
	return p
}

// component is a program of the system that must be there for root.
func component(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		tb.Fatalf("%s is missing: %v", name, err)
	}
	return path
}

// host is a stand-in for containerd: bundles, an events service, a log.
type host struct {
	t       testing.TB
	dir     string
	program programs
	runtime string // BinaryName; empty is the shim's default
	events  *eventsServer
	log     lockedBuffer
}

func newHost(tb testing.TB, runtime string) *host {
	tb.Helper()
	p := asRoot(tb, "that the shim runs containers")
	// Short: the socket's name takes 64 of the 107 bytes of a path.
	dir, err := os.MkdirTemp("", "sh")
	if err != nil {
		tb.Fatal(err)
	}
	h := &host{t: tb, dir: dir, program: p, runtime: runtime}
	h.makeBase()
	h.events = serveEvents(tb, filepath.Join(dir, "events.sock"))
	tb.Cleanup(func() {
		h.nothingLeft()
		if tb.Failed() {
			tb.Logf("shim's log:\n%s", h.log.String())
		}
		os.RemoveAll(dir)
	})
	return h
}

// nothingLeft reports mounts, sockets, processes and cgroups of this host.
func (h *host) nothingLeft() {
	h.t.Helper()
	// A shim may still be on its way out when its answer has come.
	left := processesIn(h.dir)
	for i := 0; i < 100 && len(left) > 0; i++ {
		time.Sleep(20 * time.Millisecond)
		left = processesIn(h.dir)
	}
	for pid, cmdline := range left {
		h.t.Errorf("process left: %s", cmdline)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		h.t.Error(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, h.dir+"/") {
			h.t.Errorf("mount left: %s", line)
			_ = unix.Unmount(strings.Fields(line)[4], unix.MNT_DETACH)
		}
	}
	sockets, _ := filepath.Glob(filepath.Join(h.dir, "s", "*"))
	for _, s := range sockets {
		h.t.Errorf("socket left: %s", s)
	}
	cgroups, _ := filepath.Glob(filepath.Join("/sys/fs/cgroup", "*", cgroupParent, filepath.Base(h.dir)+"-*"))
	for _, c := range cgroups {
		h.t.Errorf("cgroup left: %s", c)
		endCgroup(c)
	}
}

// processesIn finds the processes that work in a folder.
func processesIn(dir string) map[int]string {
	found := make(map[int]string)
	cwds, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, cwd := range cwds {
		proc := filepath.Dir(cwd)
		pid, err := strconv.Atoi(filepath.Base(proc))
		if to, linkErr := os.Readlink(cwd); err != nil || linkErr != nil || !strings.HasPrefix(to, dir+"/") {
			continue
		}
		cmdline, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
		found[pid] = strings.ReplaceAll(string(cmdline), "\x00", " ")
	}
	return found
}

// endCgroup kills what is left in a cgroup and removes it.
func endCgroup(dir string) {
	data, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	for _, field := range strings.Fields(string(data)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	for range 50 {
		if err := unix.Rmdir(dir); err == nil || os.IsNotExist(err) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func removeCgroups() {
	dirs, _ := filepath.Glob(filepath.Join("/sys/fs/cgroup", "*", cgroupParent))
	for _, d := range dirs {
		_ = unix.Rmdir(d)
	}
}

// box is a container of busybox: its bundle and what is asked for it.
type box struct {
	host  *host
	id    string
	dir   string
	spec  *specs.Spec
	stdio streams
}

// newBox makes one whose process is args. Its root is an overlay,
// which the shim mounts.
func (h *host) newBox(id string, args ...string) *box {
	h.t.Helper()
	id = filepath.Base(h.dir) + "-" + id
	b := &box{host: h, id: id, dir: filepath.Join(h.dir, id)}
	for _, d := range []string{"rootfs", "upper", "work"} {
		if err := os.MkdirAll(filepath.Join(b.dir, d), 0o755); err != nil {
			h.t.Fatal(err)
		}
	}
	b.spec = newSpec(id, args)
	return b
}

// makeBase makes the lower folder of every container's root: busybox.
func (h *host) makeBase() {
	h.t.Helper()
	base := filepath.Join(h.dir, "base")
	for _, d := range []string{"bin", "proc", "dev", "tmp"} {
		if err := os.MkdirAll(filepath.Join(base, d), 0o755); err != nil {
			h.t.Fatal(err)
		}
	}
	data, err := os.ReadFile(component(h.t, "busybox"))
	if err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(base, "bin", "busybox"), data, 0o755); err != nil {
		h.t.Fatal(err)
	}
	for _, applet := range []string{"sh", "true", "false", "cat", "echo", "sleep", "stty", "dd", "tty"} {
		if err := os.Symlink("busybox", filepath.Join(base, "bin", applet)); err != nil {
			h.t.Fatal(err)
		}
	}
}

func newSpec(id string, args []string) *specs.Spec {
	return &specs.Spec{
		Version:  "1.0.2",
		Hostname: "box",
		Root:     &specs.Root{Path: "rootfs"},
		Process: &specs.Process{
			Args: args,
			Env:  []string{"PATH=/bin"},
			Cwd:  "/",
		},
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

func (b *box) config() client.StartConfig {
	h := b.host
	return client.StartConfig{
		Binary:       h.program.shim,
		Namespace:    "test",
		ID:           b.id,
		Bundle:       b.dir,
		Address:      filepath.Join(h.dir, "containerd.sock"),
		TTRPCAddress: h.events.address,
		SocketDir:    filepath.Join(h.dir, "s"),
		Debug:        true,
		Log:          &h.log,
	}
}

// start launches the shim of a bundle.
func (b *box) start() *client.Shim {
	b.host.t.Helper()
	b.write()
	shim, err := client.Start(b.host.context(), b.config())
	if err != nil {
		b.host.t.Fatal(err)
	}
	return shim
}

// write writes the bundle's configuration.
func (b *box) write() {
	b.host.t.Helper()
	data, err := json.Marshal(b.spec)
	if err != nil {
		b.host.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "config.json"), data, 0o600); err != nil {
		b.host.t.Fatal(err)
	}
}

// createRequest asks for the bundle's container, with its streams.
func (b *box) createRequest() *task.CreateTaskRequest {
	b.host.t.Helper()
	opts, err := typeurl.MarshalAnyToProto(&options.Options{
		BinaryName: b.host.runtime,
		Root:       filepath.Join(b.host.dir, "runc"),
	})
	if err != nil {
		b.host.t.Fatal(err)
	}
	return &task.CreateTaskRequest{
		ID:       b.id,
		Bundle:   b.dir,
		Terminal: b.spec.Process.Terminal,
		Rootfs: []*types.Mount{{
			Type:   "overlay",
			Source: "overlay",
			Options: []string{
				"lowerdir=" + filepath.Join(b.host.dir, "base"),
				"upperdir=" + filepath.Join(b.dir, "upper"),
				"workdir=" + filepath.Join(b.dir, "work"),
			},
		}},
		Stdin:   b.stdio.in,
		Stdout:  b.stdio.out,
		Stderr:  b.stdio.err,
		Options: opts,
	}
}

// run creates and starts the container and returns its shim.
func (b *box) run() *client.Shim {
	b.host.t.Helper()
	shim := b.start()
	if _, err := shim.Create(b.host.context(), b.createRequest()); err != nil {
		b.host.t.Fatal("create: ", err)
	}
	if _, err := shim.Start(b.host.context(), &task.StartRequest{ID: b.id}); err != nil {
		b.host.t.Fatal("start: ", err)
	}
	return shim
}

// remove waits for the container's end, deletes it and ends the shim.
func (b *box) remove(shim *client.Shim) *task.DeleteResponse {
	b.host.t.Helper()
	ctx := b.host.context()
	if _, err := shim.Wait(ctx, &task.WaitRequest{ID: b.id}); err != nil {
		b.host.t.Fatal("wait: ", err)
	}
	resp, err := shim.Delete(ctx, &task.DeleteRequest{ID: b.id})
	if err != nil {
		b.host.t.Fatal("delete: ", err)
	}
	b.shutdown(shim)
	return resp
}

func (b *box) shutdown(shim *client.Shim) {
	b.host.t.Helper()
	if err := shim.Shutdown(b.host.context(), &task.ShutdownRequest{ID: b.id}); err != nil {
		b.host.t.Error("shutdown: ", err)
	}
	shim.Close()
}

// end kills the container and removes it.
func (b *box) end(shim *client.Shim) *task.DeleteResponse {
	b.host.t.Helper()
	if err := shim.Kill(b.host.context(), &task.KillRequest{ID: b.id, Signal: uint32(syscall.SIGKILL)}); err != nil {
		b.host.t.Fatal("kill: ", err)
	}
	return b.remove(shim)
}

func (b *box) wantStatus(shim *client.Shim, execID string, want api.Status) {
	b.host.t.Helper()
	state, err := shim.State(b.host.context(), &task.StateRequest{ID: b.id, ExecID: execID})
	if err != nil {
		b.host.t.Fatal("state: ", err)
	}
	if state.Status != want {
		b.host.t.Errorf("status %s, want %s", state.Status, want)
	}
}

// exec prepares a process in the container.
func (b *box) exec(shim *client.Shim, execID string, terminal bool, stdio streams, args ...string) error {
	b.host.t.Helper()
	body, err := json.Marshal(specs.Process{Args: args, Env: []string{"PATH=/bin"}, Cwd: "/", Terminal: terminal})
	if err != nil {
		b.host.t.Fatal(err)
	}
	return shim.Exec(b.host.context(), &task.ExecProcessRequest{
		ID:       b.id,
		ExecID:   execID,
		Terminal: terminal,
		Stdin:    stdio.in,
		Stdout:   stdio.out,
		Stderr:   stdio.err,
		Spec:     &anypb.Any{TypeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Process", Value: body},
	})
}

// context ends before the test's own time is up, so that what hangs is named.
func (h *host) context() context.Context {
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	h.t.Cleanup(cancel)
	return ctx
}

func isPIDNamespace(n specs.LinuxNamespace) bool { return n.Type == specs.PIDNamespace }

func deviceMount(path string) specs.Mount {
	return specs.Mount{Destination: path, Type: "bind", Source: path, Options: []string{"bind"}}
}

func memoryLimit(limit int64) *specs.LinuxResources {
	return &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &limit, Swap: &limit}}
}
