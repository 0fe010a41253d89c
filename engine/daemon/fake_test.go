package daemon

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/daemon/images"
	engine "github.com/callroute/callroute/engine/daemon/network"
	"github.com/callroute/callroute/engine/errdefs"
)

// fakeContainerd runs nothing. Its tasks outlive a daemon, as real ones do.
type fakeContainerd struct {
	mu     sync.Mutex
	tasks  map[string]*fakeTask
	events chan ctypes.TaskEvent
	pids   int
	real   bool // containers have the process ID of the test, whose root can be read

	// fail is asked before each call; "kill abc" for one of task abc.
	fail func(call string) error
	// calls are those so far, and what was sent with them.
	calls   []string
	created []ctypes.CreateOptions
	updates []*ctypes.Resources
	dumps   []ctypes.CheckpointOptions
	hangs   bool // a dump has no end
	// ignored are signals that processes do not end of.
	ignored []syscall.Signal
	// born runs when a process has been started.
	born func(id string, t *fakeTask)
}

type fakeTask struct {
	status  ctypes.Status
	pid     int
	io      ctypes.IO
	process *specs.Process
	stdout  *os.File // open from Create on, as the shim has it
	stderr  *os.File
	exit    ctypes.Exit
	ended   chan struct{}
	pending []syscall.Signal // sent while it is frozen
	execs   map[string]*fakeTask
}

func newFakeContainerd() *fakeContainerd {
	return &fakeContainerd{tasks: map[string]*fakeTask{}, events: make(chan ctypes.TaskEvent, 16), pids: 1000}
}

// called notes a call and says whether it is to fail.
func (f *fakeContainerd) called(words ...string) error {
	call := strings.TrimSpace(strings.Join(words, " "))
	f.calls = append(f.calls, call)
	if f.fail == nil {
		return nil
	}
	return f.fail(call)
}

// task is a process, which is not found if there is none.
func (f *fakeContainerd) task(id, execID string) (*fakeTask, error) {
	t := f.tasks[id]
	if t != nil && execID != "" {
		t = t.execs[execID]
	}
	if t == nil {
		return nil, errdefs.NotFound("no task %s %s", id, execID)
	}
	return t, nil
}

func newFakeTask(io ctypes.IO) (*fakeTask, error) {
	t := &fakeTask{status: ctypes.StatusCreated, io: io, ended: make(chan struct{}), execs: map[string]*fakeTask{}}
	var err error
	if t.stdout, err = openWriter(io.Stdout); err != nil {
		return nil, err
	}
	t.stderr, err = openWriter(io.Stderr)
	return t, err
}

func openWriter(path string) (*os.File, error) {
	if path == "" {
		return nil, nil
	}
	// For reading too, as shims do: a daemon that goes is no broken pipe.
	return os.OpenFile(path, os.O_RDWR, 0)
}

func (t *fakeTask) end(status uint32) {
	if t.status == ctypes.StatusStopped {
		return
	}
	t.status, t.exit = ctypes.StatusStopped, ctypes.Exit{Status: status, At: time.Now()}
	for _, f := range []*os.File{t.stdout, t.stderr} {
		if f != nil {
			f.Close()
		}
	}
	close(t.ended)
}

// exit ends a container's process by itself.
func (f *fakeContainerd) exit(id string, status uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.tasks[id]; t != nil {
		t.end(status)
	}
}

func (f *fakeContainerd) Create(_ context.Context, id string, o ctypes.CreateOptions) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("create", id); err != nil {
		return 0, err
	}
	if f.tasks[id] != nil {
		return 0, errdefs.Conflict("task %s is there already", id)
	}
	t, err := newFakeTask(o.IO)
	if err != nil {
		return 0, err
	}
	f.pids++
	t.pid, t.process = f.pids, o.Spec.Process
	if f.real {
		t.pid = os.Getpid()
	}
	f.tasks[id] = t
	f.created = append(f.created, o)
	return t.pid, nil
}

func (f *fakeContainerd) Exec(_ context.Context, id, execID string, p *specs.Process, io ctypes.IO) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("exec", id, execID); err != nil {
		return err
	}
	t, err := f.task(id, "")
	if err != nil {
		return err
	}
	e, err := newFakeTask(io)
	if err != nil {
		return err
	}
	f.pids++
	e.pid, e.process = f.pids, p
	t.execs[execID] = e
	return nil
}

func (f *fakeContainerd) Start(_ context.Context, id, execID string) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("start", id); err != nil {
		return 0, err
	}
	t, err := f.task(id, execID)
	if err != nil {
		return 0, err
	}
	t.status = ctypes.StatusRunning
	if f.born != nil {
		f.born(id, t)
	}
	return t.pid, nil
}

func (f *fakeContainerd) Kill(_ context.Context, id, execID string, sig int, _ ctypes.KillScope) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("kill", id); err != nil {
		return err
	}
	t, err := f.task(id, execID)
	if err != nil {
		return err
	}
	s := syscall.Signal(sig)
	switch {
	case t.status == ctypes.StatusStopped:
		return errdefs.NotFound("process already finished")
	case t.status == ctypes.StatusPaused:
		t.pending = append(t.pending, s)
	case !slices.Contains(f.ignored, s):
		t.end(uint32(128 + sig))
	}
	return nil
}

func (f *fakeContainerd) Pause(_ context.Context, id string) error {
	return f.turn("pause", id, ctypes.StatusPaused)
}

func (f *fakeContainerd) Unpause(_ context.Context, id string) error {
	if err := f.turn("unpause", id, ctypes.StatusRunning); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.task(id, "")
	if err != nil {
		return err
	}
	for _, s := range t.pending {
		if !slices.Contains(f.ignored, s) {
			t.end(uint32(128 + int(s)))
		}
	}
	return nil
}

func (f *fakeContainerd) turn(call, id string, to ctypes.Status) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called(call, id); err != nil {
		return err
	}
	t, err := f.task(id, "")
	if err != nil {
		return err
	}
	if t.status == ctypes.StatusStopped {
		return errdefs.Conflict("process already finished")
	}
	t.status = to
	return nil
}

func (f *fakeContainerd) Update(_ context.Context, id string, r *ctypes.Resources) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.updates = append(f.updates, r)
	return f.called("update", id)
}

func (f *fakeContainerd) Checkpoint(ctx context.Context, id string, o ctypes.CheckpointOptions) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("checkpoint", id); err != nil {
		return err
	}
	f.dumps = append(f.dumps, o)
	if f.hangs {
		f.mu.Unlock()
		<-ctx.Done()
		f.mu.Lock()
		return ctx.Err()
	}
	if o.Exit {
		f.tasks[id].end(137)
	}
	return nil
}

func (f *fakeContainerd) ResizePTY(_ context.Context, id, execID string, _, _ uint32) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.called("resize", id, execID)
}

func (f *fakeContainerd) CloseStdin(_ context.Context, id, execID string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.called("closestdin", id, execID)
}

func (f *fakeContainerd) Pids(context.Context, string) ([]int, error) { return []int{os.Getpid()}, nil }

func (f *fakeContainerd) Metrics(context.Context, string) (time.Time, any, error) {
	return time.Time{}, nil, errdefs.NotImplemented("no cgroups here")
}

func (f *fakeContainerd) State(_ context.Context, id, execID string) (ctypes.ProcessState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.task(id, execID)
	if err != nil {
		return ctypes.ProcessState{}, err
	}
	return ctypes.ProcessState{ID: id, ExecID: execID, Status: t.status, Pid: t.pid, IO: t.io, Exit: t.exit}, nil
}

func (f *fakeContainerd) Wait(ctx context.Context, id, execID string) (ctypes.Exit, error) {
	f.mu.Lock()
	t, err := f.task(id, execID)
	f.mu.Unlock()
	if err != nil {
		return ctypes.Exit{}, err
	}
	select {
	case <-t.ended:
		return t.exit, nil
	case <-ctx.Done():
		return ctypes.Exit{}, ctx.Err()
	}
}

func (f *fakeContainerd) Remove(_ context.Context, id, execID string) (ctypes.Exit, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("remove", id); err != nil {
		return ctypes.Exit{}, err
	}
	t, err := f.task(id, execID)
	if err != nil {
		return ctypes.Exit{}, err
	}
	if t.status == ctypes.StatusRunning || t.status == ctypes.StatusPaused {
		return ctypes.Exit{}, errdefs.Conflict("it runs")
	}
	t.end(0) // closes what was only created
	if execID != "" {
		delete(f.tasks[id].execs, execID)
	} else {
		delete(f.tasks, id)
	}
	return t.exit, nil
}

func (f *fakeContainerd) List(context.Context) ([]ctypes.ProcessState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.called("list"); err != nil {
		return nil, err
	}
	var all []ctypes.ProcessState
	for id, t := range f.tasks {
		all = append(all, ctypes.ProcessState{ID: id, Status: t.status, Pid: t.pid, IO: t.io, Exit: t.exit})
	}
	return all, nil
}

func (f *fakeContainerd) Events(context.Context) (<-chan ctypes.TaskEvent, error) {
	return f.events, nil
}

func (f *fakeContainerd) Version(context.Context) (version, revision string, err error) {
	return "fake", "", nil
}

func (f *fakeContainerd) RuntimeFeatures(context.Context, string) (ctypes.RuntimeFeatures, error) {
	return ctypes.RuntimeFeatures{Seccomp: true}, nil
}

// running is the tasks that are there.
func (f *fakeContainerd) running() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.tasks))
}

// count is how often a call was made.
func (f *fakeContainerd) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == call || strings.HasPrefix(c, call+" ") {
			n++
		}
	}
	return n
}

// fakeImages has one image, and remembers which file systems were made of it.
type fakeImages struct {
	committed images.CommitOptions
	mu        sync.Mutex
	image     images.Image
	prepared  map[string]bool
	fail      func(call string) error
}

func (f *fakeImages) call(name string) error {
	if f.fail == nil {
		return nil
	}
	return f.fail(name)
}

func (f *fakeImages) Get(_ context.Context, name string) (images.Image, error) {
	if name != "busybox" && name != f.image.ID {
		return images.Image{}, errdefs.NotFound("No such image: %s:latest", name)
	}
	return f.image, nil
}

func (f *fakeImages) View(_ context.Context, id string) ([]mount.Mount, error) {
	if id != f.image.ID {
		return nil, errdefs.NotFound("No such image: %s", id)
	}
	return nil, f.call("view")
}

func (f *fakeImages) Prepare(_ context.Context, _ images.Image, key string) ([]mount.Mount, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("prepare"); err != nil {
		return nil, err
	}
	f.prepared[key] = true
	return nil, nil
}

func (f *fakeImages) Mounts(context.Context, string) ([]mount.Mount, error) {
	return nil, f.call("mounts")
}

func (f *fakeImages) Release(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("release"); err != nil {
		return err
	}
	delete(f.prepared, key)
	return nil
}

func (f *fakeImages) Usage(context.Context, string) (int64, error) { return 100, nil }

func (f *fakeImages) List(context.Context, types.ImageListOptions) ([]image.Summary, error) {
	return []image.Summary{{ID: f.image.ID}}, nil
}

func (f *fakeImages) DiskUsage(context.Context) (image.DiskUsage, error) {
	return image.DiskUsage{}, nil
}

func (f *fakeImages) Commit(_ context.Context, _ images.Image, pack func(io.Writer) error, o images.CommitOptions) (string, error) {
	f.committed = o
	return "sha256:made", pack(io.Discard)
}

// fakeNetwork gives each container a place, and remembers who has one.
type fakeNetwork struct {
	mu     sync.Mutex
	joined map[string]*engine.Endpoint
	names  map[string]string
	live   []string           // told to Restore
	fail   error              // of Join
	asked  engine.JoinRequest // of the last Join
}

func (f *fakeNetwork) Check(r engine.JoinRequest) ([]string, error) {
	if r.Mode == "nosuch" {
		return nil, errdefs.NotFound("network %s not found", r.Mode)
	}
	return nil, nil
}

func (f *fakeNetwork) Join(_ context.Context, r engine.JoinRequest) (*engine.Endpoint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	f.asked = r
	ports := network.PortMap{}
	for port, bindings := range r.PortBindings {
		ports[port] = bindings
	}
	e := &engine.Endpoint{NetnsPath: "/fake/" + r.ContainerID, Settings: &container.NetworkSettings{
		Ports: ports, Networks: map[string]*network.EndpointSettings{string(r.Mode): {}},
	}}
	if len(r.Networks) > 0 {
		clear(e.Settings.Networks)
		for _, n := range r.Networks {
			e.Settings.Networks[n.Network] = &network.EndpointSettings{}
		}
	}
	f.joined[r.ContainerID], f.names[r.ContainerID] = e, r.Name
	return e, nil
}

func (f *fakeNetwork) Leave(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.joined, id)
	return nil
}

func (f *fakeNetwork) Endpoint(id string) *engine.Endpoint {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.joined[id]
}

func (f *fakeNetwork) Rename(id, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.joined[id] == nil {
		return errors.New("not in the network")
	}
	f.names[id] = name
	return nil
}

func (f *fakeNetwork) Restore(_ context.Context, live []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.live = live
	maps.DeleteFunc(f.joined, func(id string, _ *engine.Endpoint) bool { return !slices.Contains(live, id) })
	return nil
}

func (f *fakeNetwork) Named(name string) (network.Network, error) {
	if name == "nosuch" {
		return network.Network{}, errdefs.NotFound("network %s not found", name)
	}
	return network.Network{Name: name, ID: "id-of-" + name, Driver: "bridge"}, nil
}

func (f *fakeNetwork) Connect(_ context.Context, id string, a engine.Attachment) (*engine.Endpoint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.joined[id].Settings.Networks[a.Network] = &network.EndpointSettings{Aliases: a.Aliases}
	return f.joined[id], f.fail
}

func (f *fakeNetwork) Disconnect(_ context.Context, id, name string) (*engine.Endpoint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.joined[id].Settings.Networks, name)
	return f.joined[id], f.fail
}

func (f *fakeNetwork) Warnings() []string { return nil }

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

func emptySpec() *specs.Spec { return &specs.Spec{Process: &specs.Process{}} }
