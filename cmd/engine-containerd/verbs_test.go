package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	cgroup1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	cgroup2 "github.com/containerd/cgroups/v3/cgroup2/stats"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/containerd/types"
)

// TestVerbs takes one container of each runtime through every verb.
func TestVerbs(t *testing.T) {
	for _, runtime := range []string{ours, debians} {
		t.Run(runtime, func(t *testing.T) {
			h := newHost(t, runtime)
			ctx := h.context()
			heard := h.listen(ctx)
			out := h.fifo("out")
			id, pid := h.create("c", types.IO{Stdout: out.path, Stderr: h.fifo("err").path}, "sh", "-c", "echo up; exec sleep 1000")
			h.wantStatus(id, types.StatusCreated)
			if _, err := h.Start(ctx, id, ""); err != nil {
				t.Fatalf("start: %v", err)
			}
			if got := out.line(); got != "up" {
				t.Errorf("it says %q", got)
			}
			if state := h.wantStatus(id, types.StatusRunning); state.Pid != pid || state.IO.Stdout != out.path {
				t.Errorf("state %+v, process %d", state, pid)
			}
			if all, err := h.List(ctx); err != nil || len(all) != 1 || all[0].ID != id || all[0].Status != types.StatusRunning {
				t.Errorf("list: %+v, %v", all, err)
			}
			if pids, err := h.Pids(ctx, id); err != nil || !slices.Contains(pids, pid) {
				t.Errorf("processes %v, %v; %d is one", pids, err, pid)
			}

			if err := h.Pause(ctx, id); err != nil {
				t.Errorf("pause: %v", err)
			}
			h.wantStatus(id, types.StatusPaused)
			if err := h.Unpause(ctx, id); err != nil {
				t.Errorf("unpause: %v", err)
			}
			h.wantStatus(id, types.StatusRunning)

			limit := int64(64 << 20)
			if err := h.Update(ctx, id, &types.Resources{LinuxResources: specs.LinuxResources{
				Memory: &specs.LinuxMemory{Limit: &limit, Swap: &limit},
			}}); err != nil {
				t.Errorf("update: %v", err)
			}
			if got := memoryLimit(t, id); got != limit {
				t.Errorf("the cgroup's limit is %d, want %d", got, limit)
			}
			at, metrics, err := h.Metrics(ctx, id)
			if err != nil || time.Since(at) > time.Minute {
				t.Errorf("metrics: %v at %v", err, at)
			}
			switch m := metrics.(type) {
			case *cgroup1.Metrics:
				if m.GetMemory().GetUsage().GetLimit() != uint64(limit) {
					t.Errorf("metrics %v", m.GetMemory().GetUsage())
				}
			case *cgroup2.Metrics:
				if m.GetMemory().GetUsageLimit() != uint64(limit) {
					t.Errorf("metrics %v", m.GetMemory())
				}
			default:
				t.Errorf("metrics of type %T", metrics)
			}

			h.execVerbs(id)

			if err := h.Kill(ctx, id, "", int(unix.SIGKILL), types.KillProcess); err != nil {
				t.Errorf("kill: %v", err)
			}
			exit, err := h.Wait(ctx, id, "")
			if err != nil || exit.Status != 137 || time.Since(exit.At) > time.Minute {
				t.Errorf("wait: %+v, %v", exit, err)
			}
			if state := h.wantStatus(id, types.StatusStopped); state.Exit.Status != 137 {
				t.Errorf("state %+v", state)
			}
			h.delete(id)
			if _, err := h.State(ctx, id, ""); !errdefs.IsNotFound(err) {
				t.Errorf("state of a removed one: %v", err)
			}
			if all, err := h.List(ctx); err != nil || len(all) != 0 {
				t.Errorf("list: %+v, %v", all, err)
			}
			heard.want(types.TaskPaused, id, "")
			heard.want(types.TaskResumed, id, "")
			heard.want(types.TaskExit, id, "e")
			if e := heard.want(types.TaskExit, id, ""); e.Exit.Status != 137 || e.Pid != pid {
				t.Errorf("event %+v", e)
			}
		})
	}
}

// execVerbs takes a second process through its verbs.
func (h *host) execVerbs(id string) {
	h.t.Helper()
	ctx := h.context()
	in, out := h.fifo("exec-in"), h.fifo("exec-out")
	io := types.IO{Stdin: in.path, Stdout: out.path, Terminal: true}
	if err := h.Exec(ctx, id, "e", processOf([]string{"sh", "-c", "read size; stty size; exit 3"}, true), io); err != nil {
		h.t.Fatalf("exec: %v", err)
	}
	pid, err := h.Start(ctx, id, "e")
	if err != nil {
		h.t.Fatalf("start of exec: %v", err)
	}
	if state, err := h.State(ctx, id, "e"); err != nil || state.Pid != pid || state.ExecID != "e" || state.Status != types.StatusRunning {
		h.t.Errorf("state of exec: %+v, %v", state, err)
	}
	if err := h.ResizePTY(ctx, id, "e", 100, 40); err != nil {
		h.t.Errorf("resize: %v", err)
	}
	in.write("\n")
	out.until("40 100")
	if exit, err := h.Wait(ctx, id, "e"); err != nil || exit.Status != 3 {
		h.t.Errorf("wait for exec: %+v, %v", exit, err)
	}
	if exit, err := h.Remove(ctx, id, "e"); err != nil || exit.Status != 3 {
		h.t.Errorf("remove of exec: %+v, %v", exit, err)
	}

	in, out = h.fifo("cat-in"), h.fifo("cat-out")
	if err := h.Exec(ctx, id, "cat", processOf([]string{"cat"}, false), types.IO{Stdin: in.path, Stdout: out.path, Stderr: h.fifo("cat-err").path}); err != nil {
		h.t.Fatalf("exec: %v", err)
	}
	if _, err := h.Start(ctx, id, "cat"); err != nil {
		h.t.Fatalf("start of exec: %v", err)
	}
	in.write("through\n")
	out.until("through")
	in.close()
	if err := h.CloseStdin(ctx, id, "cat"); err != nil {
		h.t.Errorf("closing of stdin: %v", err)
	}
	if exit, err := h.Wait(ctx, id, "cat"); err != nil || exit.Status != 0 {
		h.t.Errorf("wait for cat: %+v, %v", exit, err)
	}
	if _, err := h.Remove(ctx, id, "cat"); err != nil {
		h.t.Errorf("remove of cat: %v", err)
	}
}

func memoryLimit(t *testing.T, id string) int64 {
	t.Helper()
	for _, file := range []string{"/sys/fs/cgroup/memory" + cgroupParent + "/" + id + "/memory.limit_in_bytes", "/sys/fs/cgroup" + cgroupParent + "/" + id + "/memory.max"} {
		data, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		n, convErr := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
		if err := errors.Join(err, convErr); err != nil {
			t.Fatal(err)
		}
		return n
	}
	t.Fatalf("%s has no memory cgroup", id)
	return 0
}

// TestRuntimeFeatures asks through containerd, the shim and the runtime.
func TestRuntimeFeatures(t *testing.T) {
	h := newHost(t, ours)
	f, err := h.RuntimeFeatures(h.context(), "")
	if err != nil || !f.Seccomp || !f.RecursiveReadOnly || f.SpecVersion == "" {
		t.Errorf("%+v, %v", f, err)
	}
	version, _, err := h.Version(h.context())
	if err != nil || !strings.HasPrefix(version, "2.") {
		t.Errorf("version %q, %v", version, err)
	}
}

// events are what a client has heard.
type events struct {
	t    testing.TB
	from <-chan types.TaskEvent
	past []types.TaskEvent
}

func (h *host) listen(ctx context.Context) *events {
	h.t.Helper()
	from, err := h.Events(ctx)
	if err != nil {
		h.t.Fatalf("events: %v", err)
	}
	return &events{t: h.t, from: from}
}

// want waits for an event, which may have come already.
func (e *events) want(kind types.TaskEventKind, id, execID string) types.TaskEvent {
	e.t.Helper()
	for _, past := range e.past {
		if past.Kind == kind && past.ID == id && past.ExecID == execID {
			return past
		}
	}
	// containerd's shim sends an event again some seconds after it could not
	// reach us, up to five times.
	late := time.After(30 * time.Second)
	for {
		select {
		case next, ok := <-e.from:
			if !ok {
				e.t.Fatalf("the events ended before %s of %s %s", kind, id, execID)
			}
			e.past = append(e.past, next)
			if next.Kind == kind && next.ID == id && next.ExecID == execID {
				return next
			}
		case <-late:
			e.t.Fatalf("no %s of %s %s; there were %+v", kind, id, execID, e.past)
		}
	}
}

// fifo is one end of a process's stream.
type fifo struct {
	t    testing.TB
	path string
	file *os.File
	read []byte
}

func (h *host) fifo(name string) *fifo {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		h.t.Fatal(err)
	}
	// Both ends, so that opening waits for nobody.
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	f := &fifo{t: h.t, path: path, file: file}
	h.t.Cleanup(f.close)
	return f
}

func (f *fifo) write(text string) {
	f.t.Helper()
	if _, err := f.file.WriteString(text); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fifo) close() { f.file.Close() }

// line is the first line that comes.
func (f *fifo) line() string {
	f.t.Helper()
	f.until("\n")
	first, _, _ := strings.Cut(string(f.read), "\n")
	return strings.TrimRight(first, "\r")
}

// until reads until a text has come.
func (f *fifo) until(text string) {
	f.t.Helper()
	_ = f.file.SetReadDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 4096)
	for !strings.Contains(string(f.read), text) {
		n, err := f.file.Read(buf)
		if err != nil {
			f.t.Fatalf("%q has not come, but %q: %v", text, f.read, err)
		}
		f.read = append(f.read, buf[:n]...)
	}
}
