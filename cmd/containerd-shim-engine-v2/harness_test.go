package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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

	task "github.com/containerd/containerd/api/runtime/task/v3"
	eventsapi "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/fifo"
	"github.com/containerd/ttrpc"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"

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

func TestMain(m *testing.M) {
	code := m.Run()
	if os.Geteuid() == 0 {
		if p := built(); p.dir != "" {
			os.RemoveAll(p.dir)
		}
		removeCgroups()
	}
	os.Exit(code)
}

// asRoot skips a test that needs root, and says what that leaves out.
func asRoot(t testing.TB, leftOut string) programs {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("without root it is not tested " + leftOut)
	}
	p := built()
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p
}

// component is a program of the system that must be there for root.
func component(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: %v", name, err)
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

func newHost(t testing.TB, runtime string) *host {
	t.Helper()
	p := asRoot(t, "that the shim runs containers")
	// Short: the socket's name takes 64 of the 107 bytes of a path.
	dir, err := os.MkdirTemp("", "sh")
	if err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, dir: dir, program: p, runtime: runtime}
	h.makeBase()
	h.events = serveEvents(t, filepath.Join(dir, "events.sock"))
	t.Cleanup(func() {
		h.nothingLeft()
		if t.Failed() {
			t.Logf("shim's log:\n%s", h.log.String())
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
				{Type: specs.PIDNamespace}, {Type: specs.IPCNamespace}, {Type: specs.UTSNamespace},
				{Type: specs.MountNamespace}, {Type: specs.NetworkNamespace},
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

// streams are the fifos of a process.
type streams struct {
	in, out, err string
	input        io.WriteCloser
	output, errs *reader
}

// which streams a process has.
type which struct{ in, out, err bool }

func (h *host) newStreams(name string, w which) streams {
	h.t.Helper()
	var s streams
	open := func(stream string, flag int) (string, io.ReadWriteCloser) {
		path := filepath.Join(h.dir, name+"-"+stream)
		f, err := fifo.OpenFifo(context.Background(), path, flag|syscall.O_CREAT|syscall.O_NONBLOCK, 0o600)
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() { f.Close() })
		return path, f
	}
	if w.in {
		s.in, s.input = open("stdin", syscall.O_WRONLY)
	}
	if w.out {
		var f io.Reader
		s.out, f = open("stdout", syscall.O_RDONLY)
		s.output = newReader(f)
	}
	if w.err {
		var f io.Reader
		s.err, f = open("stderr", syscall.O_RDONLY)
		s.errs = newReader(f)
	}
	return s
}

// reader collects a stream until its end.
type reader struct {
	data lockedBuffer
	done chan struct{}
}

func newReader(from io.Reader) *reader {
	r := &reader{done: make(chan struct{})}
	go func() {
		defer close(r.done)
		_, _ = io.Copy(&r.data, from)
	}()
	return r
}

// all is the whole stream, once it has ended.
func (r *reader) all(t *testing.T) string {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(10 * time.Second):
		t.Fatalf("stream has not ended; so far %q", r.data.String())
	}
	return r.data.String()
}

// until waits for the stream to hold a text.
func (r *reader) until(t *testing.T, text string) {
	t.Helper()
	for range 500 {
		if strings.Contains(r.data.String(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("stream does not hold %q but %q", text, r.data.String())
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// eventsServer is containerd's events service.
type eventsServer struct {
	address string
	server  *ttrpc.Server

	mu   sync.Mutex
	list []*types.Envelope
}

func serveEvents(t testing.TB, path string) *eventsServer {
	t.Helper()
	e := &eventsServer{address: path}
	e.listen(t)
	t.Cleanup(func() { e.server.Close() })
	return e
}

// listen begins to serve; after a Close of the server it does again.
func (e *eventsServer) listen(t testing.TB) {
	t.Helper()
	_ = os.Remove(e.address)
	listener, err := net.Listen("unix", e.address)
	if err != nil {
		t.Fatal(err)
	}
	server, err := ttrpc.NewServer()
	if err != nil {
		t.Fatal(err)
	}
	eventsapi.RegisterTTRPCEventsService(server, e)
	e.server = server
	go func() { _ = server.Serve(context.Background(), listener) }()
}

func (e *eventsServer) Forward(_ context.Context, r *eventsapi.ForwardRequest) (*emptypb.Empty, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, r.Envelope)
	return &emptypb.Empty{}, nil
}

// topics lists what came for a container, in order.
func (e *eventsServer) topics(t *testing.T, id string) []string {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	var topics []string
	for _, envelope := range e.list {
		event, err := typeurl.UnmarshalAny(envelope.Event)
		if err != nil {
			t.Fatal(err)
		}
		named, ok := event.(interface{ GetContainerID() string })
		if ok && named.GetContainerID() == id {
			topics = append(topics, envelope.Topic)
		}
	}
	return topics
}

// until waits for a container's events to be as many as wanted.
func (e *eventsServer) until(t *testing.T, id string, n int) []string {
	t.Helper()
	var topics []string
	for range 500 {
		if topics = e.topics(t, id); len(topics) >= n {
			return topics
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d events wanted, got %q", n, topics)
	return nil
}

func isPIDNamespace(n specs.LinuxNamespace) bool { return n.Type == specs.PIDNamespace }

func deviceMount(path string) specs.Mount {
	return specs.Mount{Destination: path, Type: "bind", Source: path, Options: []string{"bind"}}
}

func memoryLimit(limit int64) *specs.LinuxResources {
	return &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &limit, Swap: &limit}}
}
