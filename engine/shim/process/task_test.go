package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/containerd/api/types/runc/options"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/go-runc"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/proto"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/shim/types"
)

// fakeRuntime makes "containers" of a shell, without root.
type fakeRuntime struct {
	t      *testing.T
	script string

	mu    sync.Mutex
	calls []string
	pid   int
	fail  error
}

func (f *fakeRuntime) called(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	return f.fail
}

func (f *fakeRuntime) begin(pidFile string) error {
	f.pid = orphan(f.t, f.script)
	return os.WriteFile(pidFile, fmt.Appendf(nil, "%d", f.pid), 0o600)
}

func (f *fakeRuntime) Create(_ context.Context, id, _ string, opts *runc.CreateOpts) error {
	return errors.Join(f.called("create %s", id), f.begin(opts.PidFile))
}

func (f *fakeRuntime) Start(_ context.Context, id string) error { return f.called("start %s", id) }

func (f *fakeRuntime) Exec(_ context.Context, id string, p specs.Process, opts *runc.ExecOpts) error {
	if err := f.called("exec %s %q", id, p.Args); err != nil {
		return err
	}
	pid := orphan(f.t, p.Args[0])
	return os.WriteFile(opts.PidFile, fmt.Appendf(nil, "%d", pid), 0o600)
}

func (f *fakeRuntime) Kill(_ context.Context, id string, signal int, _ *runc.KillOpts) error {
	return errors.Join(f.called("kill %s %d", id, signal), syscall.Kill(f.pid, syscall.Signal(signal)))
}

func (f *fakeRuntime) Delete(_ context.Context, id string, _ *runc.DeleteOpts) error {
	return f.called("delete %s", id)
}

func (f *fakeRuntime) Pause(_ context.Context, id string) error  { return f.called("pause %s", id) }
func (f *fakeRuntime) Resume(_ context.Context, id string) error { return f.called("resume %s", id) }

func (f *fakeRuntime) Update(_ context.Context, id string, r *ctypes.Resources) error {
	return f.called("update %s %s", id, r.IntelRdt.L3CacheSchema)
}

func (f *fakeRuntime) Checkpoint(_ context.Context, id string, o *runc.CheckpointOpts, actions ...runc.CheckpointAction) error {
	return f.called("checkpoint %s %s actions=%d", id, o.ImagePath, len(actions))
}

func (f *fakeRuntime) Restore(_ context.Context, id, _ string, o *runc.RestoreOpts) error {
	return errors.Join(f.called("restore %s %s", id, o.ImagePath), f.begin(o.PidFile))
}

func (f *fakeRuntime) Ps(context.Context, string) ([]int, error) { return []int{f.pid}, nil }

func (f *fakeRuntime) wantCalls(t *testing.T, want ...string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.calls, want) {
		t.Errorf("runtime was asked %q, want %q", f.calls, want)
	}
}

// published collects topics.
type published struct {
	mu     sync.Mutex
	topics []string
}

func (p *published) Publish(topic string, _ proto.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.topics = append(p.topics, topic)
}

func (p *published) want(t *testing.T, want ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.topics, want) {
		t.Errorf("published %q, want %q", p.topics, want)
	}
}

func newTestTask(t *testing.T, script string) (*Task, *fakeRuntime, *published, types.Create) {
	t.Helper()
	f := &fakeRuntime{t: t, script: script}
	events := &published{}
	task := New(Config{
		Reaper:     reaper,
		Events:     events,
		Log:        slog.New(slog.DiscardHandler),
		NewRuntime: func(types.Create) (Runtime, error) { return f, nil },
		Shutdown:   func() {},
	})
	return task, f, events, types.Create{ID: "c", Bundle: t.TempDir()}
}

func TestTaskLife(t *testing.T) {
	task, runtime, events, req := newTestTask(t, "sleep 100")
	ctx := t.Context()
	pid := must(task.Create(ctx, req))(t)
	must(task.Start(ctx, "c", ""))(t)
	noError(t, task.Pause(ctx, "c"))
	if err := task.Exec(ctx, "c", types.Exec{ExecID: "e", Process: &specs.Process{}}); !cerrdefs.IsConflict(err) {
		t.Errorf("exec while paused: %v, want a conflict", err)
	}
	noError(t, task.Resume(ctx, "c"))
	noError(t, task.Update(ctx, "c", &ctypes.Resources{IntelRdt: &specs.LinuxIntelRdt{L3CacheSchema: "L3:0=1"}}))
	if list := must(task.Pids(ctx, "c"))(t); len(list) != 1 || list[0].Pid != pid {
		t.Errorf("pids %v, want %d", list, pid)
	}
	if _, err := task.Delete(ctx, "c", ""); !cerrdefs.IsConflict(err) {
		t.Errorf("delete while running: %v, want a conflict", err)
	}
	noError(t, task.Kill(ctx, "c", "", 9, types.KillProcess))
	if exit := must(task.Wait(ctx, "c", ""))(t); exit.Status != 137 || exit.Pid != pid {
		t.Errorf("exit %+v, want status 137 of %d", exit, pid)
	}
	must(task.Delete(ctx, "c", ""))(t)
	if _, err := task.State(ctx, "c", ""); !cerrdefs.IsNotFound(err) {
		t.Errorf("state of what is deleted: %v, want not found", err)
	}
	// Its pid namespace is the tests' own, so the rest is killed.
	runtime.wantCalls(t, "create c", "start c", "pause c", "resume c", "update c L3:0=1", "kill c 9", "kill c 9", "delete c")
	events.want(t, "/tasks/create", "/tasks/start", "/tasks/paused", "/tasks/resumed", "/tasks/exit", "/tasks/delete")
}

func TestTaskCheckpointAndRestore(t *testing.T) {
	task, runtime, events, req := newTestTask(t, "sleep 100")
	ctx := t.Context()
	must(task.Create(ctx, req))(t)
	if err := task.Checkpoint(ctx, "c", types.Checkpoint{Dir: "/ck"}); !cerrdefs.IsConflict(err) {
		t.Errorf("checkpoint before start: %v, want a conflict", err)
	}
	must(task.Start(ctx, "c", ""))(t)
	noError(t, task.Checkpoint(ctx, "c", types.Checkpoint{Dir: "/ck"}))
	noError(t, task.Checkpoint(ctx, "c", types.Checkpoint{Dir: "/ck", Options: &options.CheckpointOptions{Exit: true}}))
	noError(t, task.Kill(ctx, "c", "", 9, types.KillProcess))
	must(task.Wait(ctx, "c", ""))(t)
	must(task.Delete(ctx, "c", ""))(t)

	req.Checkpoint = "/ck"
	if pid := must(task.Create(ctx, req))(t); pid != 0 {
		t.Errorf("pid %d before the restore, want 0", pid)
	}
	if _, pid := task.Connect(ctx, "c"); pid != 0 {
		t.Errorf("pid %d before the restore, want 0", pid)
	}
	pid := must(task.Start(ctx, "c", ""))(t)
	if state := must(task.State(ctx, "c", ""))(t); state.Pid != pid || state.Status != types.StatusRunning {
		t.Errorf("state %+v, want %d running", state, pid)
	}
	noError(t, task.Kill(ctx, "c", "", 9, types.KillProcess))
	must(task.Wait(ctx, "c", ""))(t)
	must(task.Delete(ctx, "c", ""))(t)

	// One that is deleted instead of started was never made.
	must(task.Create(ctx, req))(t)
	must(task.Delete(ctx, "c", ""))(t)
	runtime.wantCalls(t,
		"create c", "start c", "checkpoint c /ck actions=1", "checkpoint c /ck actions=0", "kill c 9", "kill c 9", "delete c",
		"restore c /ck", "kill c 9", "kill c 9", "delete c",
		"delete c")
	events.want(t,
		"/tasks/create", "/tasks/start", "/tasks/checkpointed", "/tasks/checkpointed", "/tasks/exit", "/tasks/delete",
		"/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete",
		"/tasks/create", "/tasks/delete")
}

// TestTaskEarlyExit ends before its start is told.
func TestTaskEarlyExit(t *testing.T) {
	task, _, events, req := newTestTask(t, "exit 3")
	ctx := t.Context()
	must(task.Create(ctx, req))(t)
	_, err := task.Start(ctx, "c", "")
	if exit := must(task.Wait(ctx, "c", ""))(t); exit.Status != 3 {
		t.Errorf("exit %+v, want status 3", exit)
	}
	want := []string{"/tasks/create", "/tasks/start", "/tasks/exit"}
	if err != nil { // it was over before Start looked
		want = slices.Delete(want, 1, 2)
	}
	events.want(t, want...)
	if data, err := os.ReadFile(filepath.Join(req.Bundle, "exit.json")); err != nil || !strings.Contains(string(data), `"Status":3`) {
		t.Errorf("kept for the delete action: %s, %v", data, err)
	}
	must(task.Delete(ctx, "c", ""))(t)
}

func TestTaskExecFails(t *testing.T) {
	task, runtime, _, req := newTestTask(t, "sleep 100")
	ctx := t.Context()
	must(task.Create(ctx, req))(t)
	must(task.Start(ctx, "c", ""))(t)
	noError(t, task.Exec(ctx, "c", types.Exec{ExecID: "e", Process: &specs.Process{Args: []string{"true"}}}))
	if err := task.Kill(ctx, "c", "e", 9, types.KillProcess); !cerrdefs.IsConflict(err) {
		t.Errorf("kill before start: %v, want a conflict", err)
	}
	runtime.fail = errors.New("no")
	if _, err := task.Start(ctx, "c", "e"); err == nil || err.Error() != "no" {
		t.Errorf("start: %v", err)
	}
	if exit := must(task.Wait(ctx, "c", "e"))(t); exit.Status != 255 {
		t.Errorf("exit %+v of what never ran", exit)
	}
	must(task.Delete(ctx, "c", "e"))(t)
	runtime.fail = nil
	for i, id := range []string{"", "..", ".x", "a/b", "a\x00", strings.Repeat("x", 77)} {
		if err := task.Exec(ctx, "c", types.Exec{ExecID: id, Process: &specs.Process{}}); !cerrdefs.IsInvalidArgument(err) {
			t.Errorf("exec ID %d, %q: %v, want invalid", i, id, err)
		}
	}
	noError(t, task.Kill(ctx, "c", "", 9, types.KillProcess))
	must(task.Wait(ctx, "c", ""))(t)
	must(task.Delete(ctx, "c", ""))(t)
}

// TestTaskWithoutContainer asks for what is not there.
func TestTaskWithoutContainer(t *testing.T) {
	task, _, _, req := newTestTask(t, "true")
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"start":      func() error { _, err := task.Start(ctx, "c", ""); return err },
		"exec":       func() error { return task.Exec(ctx, "c", types.Exec{ExecID: "e"}) },
		"kill":       func() error { return task.Kill(ctx, "c", "", 9, types.KillAll) },
		"pause":      func() error { return task.Pause(ctx, "c") },
		"resume":     func() error { return task.Resume(ctx, "c") },
		"update":     func() error { return task.Update(ctx, "c", nil) },
		"checkpoint": func() error { return task.Checkpoint(ctx, "c", types.Checkpoint{}) },
		"resize":     func() error { return task.ResizePty(ctx, "c", "", 1, 1) },
		"closeio":    func() error { return task.CloseIO(ctx, "c", "") },
		"pids":       func() error { _, err := task.Pids(ctx, "c"); return err },
		"stats":      func() error { _, err := task.Stats(ctx, "c"); return err },
		"state":      func() error { _, err := task.State(ctx, "c", ""); return err },
		"wait":       func() error { _, err := task.Wait(ctx, "c", ""); return err },
		"delete":     func() error { _, err := task.Delete(ctx, "c", ""); return err },
	} {
		if err := call(); !cerrdefs.IsNotFound(err) {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	req.Bundle = "relative"
	if _, err := task.Create(ctx, req); !cerrdefs.IsInvalidArgument(err) {
		t.Errorf("create in a relative bundle: %v, want invalid", err)
	}
}

// TestTaskShutdown ends the shim only without a container.
func TestTaskShutdown(t *testing.T) {
	task, _, _, req := newTestTask(t, "sleep 100")
	down := 0
	task.cfg.Shutdown = func() { down++ }
	ctx := t.Context()
	must(task.Create(ctx, req))(t)
	noError(t, task.Shutdown(ctx))
	if down != 0 {
		t.Error("the shim left its container")
	}
	must(task.Delete(ctx, "c", ""))(t)
	noError(t, task.Shutdown(ctx))
	if down != 1 {
		t.Error("the shim stays without a container")
	}
}

// TestTaskWaitIsLeft gives up waiting when its caller does.
func TestTaskWaitIsLeft(t *testing.T) {
	task, _, _, req := newTestTask(t, "sleep 100")
	must(task.Create(t.Context(), req))(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := task.Wait(ctx, "c", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wait: %v, want the deadline", err)
	}
	must(task.Delete(t.Context(), "c", ""))(t)
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		noError(t, err)
		return v
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestTaskEndsDuringExec: a process whose client has gone before it was started
// keeps the container from no end.
func TestTaskEndsDuringExec(t *testing.T) {
	task, _, _, req := newTestTask(t, "sleep 100")
	ctx := t.Context()
	must(task.Create(ctx, req))(t)
	must(task.Start(ctx, "c", ""))(t)
	unread := filepath.Join(t.TempDir(), "stdout")
	noError(t, syscall.Mkfifo(unread, 0o600))
	noError(t, task.Exec(ctx, "c", types.Exec{ExecID: "e", IO: types.IO{Stdout: unread}, Process: &specs.Process{Args: []string{"sleep 100"}}}))
	started := make(chan error, 1)
	go func() {
		_, err := task.Start(ctx, "c", "e")
		started <- err
	}()
	time.Sleep(100 * time.Millisecond) // it is waiting for a reader by now
	began := time.Now()
	noError(t, task.Kill(ctx, "c", "", 9, types.KillAll))
	must(task.Wait(ctx, "c", ""))(t)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the end took %v", took)
	}
	if err := <-started; err == nil {
		t.Error("it was started")
	}
}
