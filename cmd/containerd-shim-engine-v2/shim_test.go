package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	cgroup1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	task "github.com/containerd/containerd/api/runtime/task/v3"
	api "github.com/containerd/containerd/api/types/task"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/anypb"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/shim/client"
)

// runtimes are what the shim must work with: the engine's own and Debian's.
var runtimes = []struct{ name, binary string }{{"engine-runc", ""}, {"runc", "runc"}}

// each runs a test with every runtime.
func each(t *testing.T, test func(h *host)) {
	t.Helper()
	for _, r := range runtimes {
		t.Run(r.name, func(t *testing.T) {
			if os.Geteuid() == 0 && r.binary != "" {
				component(t, r.binary)
			}
			test(newHost(t, r.binary))
		})
	}
}

func TestLifecycle(t *testing.T) {
	each(t, func(h *host) {
		t := h.t
		b := h.newBox("life", "sh", "-c", "echo out; echo err >&2; exit 7")
		b.stdio = h.newStreams("life", which{out: true, err: true})
		shim := b.start()
		ctx := h.context()
		if _, err := shim.State(ctx, &task.StateRequest{ID: b.id}); !cerrdefs.IsNotFound(err) {
			t.Errorf("state before create: %v, want not found", err)
		}
		pid, err := shim.Create(ctx, b.createRequest())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := shim.Create(ctx, b.createRequest()); !cerrdefs.IsAlreadyExists(err) {
			t.Errorf("second create: %v, want already exists", err)
		}
		b.wantStatus(shim, "", api.Status_CREATED)
		if err := shim.Pause(ctx, &task.PauseRequest{ID: b.id}); err == nil || !strings.Contains(err.Error(), "cannot pause a created process") {
			t.Errorf("pause before start: %v", err)
		}
		connect, err := shim.Connect(ctx, &task.ConnectRequest{ID: b.id})
		if err != nil || connect.TaskPid != pid || connect.ShimPid == 0 {
			t.Errorf("connect: %v, %v, want pid %d", connect, err, pid)
		}
		started, err := shim.Start(ctx, &task.StartRequest{ID: b.id})
		if err != nil || started != pid {
			t.Fatalf("start: pid %d, %v, want %d", started, err, pid)
		}
		exit, err := shim.Wait(ctx, &task.WaitRequest{ID: b.id})
		if err != nil || exit.ExitStatus != 7 || time.Since(exit.ExitedAt.AsTime()) > time.Minute {
			t.Errorf("wait: %v, %v, want status 7 just now", exit, err)
		}
		b.wantStatus(shim, "", api.Status_STOPPED)
		if _, err := shim.Start(ctx, &task.StartRequest{ID: b.id}); err == nil {
			t.Error("a stopped container was started")
		}
		if err := shim.Kill(ctx, &task.KillRequest{ID: b.id, Signal: 9}); !cerrdefs.IsNotFound(err) {
			t.Errorf("kill of a stopped container: %v, want not found", err)
		}
		if got := b.stdio.output.all(t); got != "out\n" {
			t.Errorf("stdout %q", got)
		}
		if got := b.stdio.errs.all(t); got != "err\n" {
			t.Errorf("stderr %q", got)
		}
		deleted := b.remove(shim)
		if deleted.ExitStatus != 7 || deleted.Pid != pid {
			t.Errorf("delete: %v, want status 7 of %d", deleted, pid)
		}
		want := []string{"/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"}
		if got := h.events.until(t, b.id, len(want)); !slices.Equal(got, want) {
			t.Errorf("events %q, want %q", got, want)
		}
	})
}

// TestEarlyExit ends containers before their start is recorded.
func TestEarlyExit(t *testing.T) {
	h := newHost(t, "")
	const containers = 50
	queue := make(chan int, containers)
	for i := range containers {
		queue <- i
	}
	close(queue)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for i := range queue {
				b := h.newBox(fmt.Sprintf("early%d", i), "true")
				if i%2 == 1 {
					b.spec.Process.Args[0] = "false"
				}
				if got := b.remove(b.run()); got.ExitStatus != uint32(i%2) {
					t.Errorf("container %d: status %d", i, got.ExitStatus)
				}
				want := []string{"/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"}
				if got := h.events.until(t, b.id, len(want)); !slices.Equal(got, want) {
					t.Errorf("events %q, want %q", got, want)
				}
			}
		})
	}
	workers.Wait()
}

func TestStdin(t *testing.T) {
	each(t, func(h *host) {
		t := h.t
		b := h.newBox("stdin", "cat")
		b.stdio = h.newStreams("stdin", which{in: true, out: true})
		shim := b.run()
		data := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
		if _, err := b.stdio.input.Write(data); err != nil {
			t.Fatal(err)
		}
		b.stdio.input.Close()
		// The shim holds the fifo open until it is told.
		if err := shim.CloseIO(h.context(), &task.CloseIORequest{ID: b.id, Stdin: true}); err != nil {
			t.Error(err)
		}
		if got := b.remove(shim); got.ExitStatus != 0 {
			t.Errorf("status %d", got.ExitStatus)
		}
		if got := b.stdio.output.all(t); got != string(data) {
			t.Errorf("got %d bytes back of %d", len(got), len(data))
		}
	})
}

func TestTerminal(t *testing.T) {
	each(t, func(h *host) {
		t := h.t
		b := h.newBox("tty", "sh", "-c", "echo ready; read line; stty size; echo got $line")
		b.spec.Process.Terminal = true
		b.stdio = h.newStreams("tty", which{in: true, out: true})
		shim := b.run()
		b.stdio.output.until(t, "ready")
		if err := shim.ResizePty(h.context(), &task.ResizePtyRequest{ID: b.id, Width: 91, Height: 37}); err != nil {
			t.Error(err)
		}
		if _, err := b.stdio.input.Write([]byte("word\n")); err != nil {
			t.Error(err)
		}
		if got := b.remove(shim); got.ExitStatus != 0 {
			t.Errorf("status %d", got.ExitStatus)
		}
		got := b.stdio.output.all(t)
		if !strings.Contains(got, "37 91\r\n") || !strings.HasSuffix(got, "got word\r\n") {
			t.Errorf("terminal said %q", got)
		}
	})
}

func TestExec(t *testing.T) {
	each(t, func(h *host) {
		t := h.t
		b := h.newBox("exec", "sleep", "100")
		shim := b.run()
		ctx := h.context()
		stdio := h.newStreams("e1", which{out: true})
		if err := b.exec(shim, "e1", false, stdio, "sh", "-c", "echo in $HOSTNAME; exit 5"); err != nil {
			t.Fatal(err)
		}
		if err := b.exec(shim, "e1", false, stdio, "true"); !cerrdefs.IsAlreadyExists(err) {
			t.Errorf("second exec of one ID: %v, want already exists", err)
		}
		if err := b.exec(shim, "../e", false, streams{}, "true"); !cerrdefs.IsInvalidArgument(err) {
			t.Errorf("exec ID that is a path: %v, want invalid", err)
		}
		b.wantStatus(shim, "e1", api.Status_CREATED)
		if _, err := shim.Start(ctx, &task.StartRequest{ID: b.id, ExecID: "e1"}); err != nil {
			t.Fatal(err)
		}
		exit, err := shim.Wait(ctx, &task.WaitRequest{ID: b.id, ExecID: "e1"})
		if err != nil || exit.ExitStatus != 5 {
			t.Errorf("wait: %v, %v, want status 5", exit, err)
		}
		if got := stdio.output.all(t); !strings.HasPrefix(got, "in ") {
			t.Errorf("output %q", got)
		}
		if resp, err := shim.Delete(ctx, &task.DeleteRequest{ID: b.id, ExecID: "e1"}); err != nil || resp.ExitStatus != 5 {
			t.Errorf("delete: %v, %v", resp, err)
		}
		if _, err := shim.State(ctx, &task.StateRequest{ID: b.id, ExecID: "e1"}); !cerrdefs.IsNotFound(err) {
			t.Errorf("state of a deleted exec: %v, want not found", err)
		}

		terminal := h.newStreams("e2", which{in: true, out: true})
		if err := b.exec(shim, "e2", true, terminal, "tty"); err != nil {
			t.Fatal(err)
		}
		if _, err := shim.Start(ctx, &task.StartRequest{ID: b.id, ExecID: "e2"}); err != nil {
			t.Fatal(err)
		}
		if got := terminal.output.all(t); !strings.HasPrefix(got, "/dev/") {
			t.Errorf("terminal %q", got)
		}

		if err := b.exec(shim, "e3", false, streams{}, "nosuch"); err != nil {
			t.Fatal(err)
		}
		_, err = shim.Start(ctx, &task.StartRequest{ID: b.id, ExecID: "e3"})
		if err == nil || !strings.Contains(err.Error(), "OCI runtime exec failed") || !strings.Contains(err.Error(), "nosuch") {
			t.Errorf("exec of what is not there: %v", err)
		}
		if _, err := shim.Wait(ctx, &task.WaitRequest{ID: b.id, ExecID: "e3"}); err != nil {
			t.Errorf("wait for what never ran: %v", err)
		}
		for _, id := range []string{"e2", "e3"} {
			if _, err := shim.Delete(ctx, &task.DeleteRequest{ID: b.id, ExecID: id}); err != nil {
				t.Errorf("delete %s: %v", id, err)
			}
		}

		// A process that is still there ends with the container.
		if err := b.exec(shim, "e4", false, streams{}, "sleep", "100"); err != nil {
			t.Fatal(err)
		}
		pid, err := shim.Start(ctx, &task.StartRequest{ID: b.id, ExecID: "e4"})
		if err != nil {
			t.Fatal(err)
		}
		pids, err := shim.Pids(ctx, &task.PidsRequest{ID: b.id})
		if err != nil || len(pids.Processes) != 2 {
			t.Fatalf("pids: %v, %v, want two", pids, err)
		}
		for _, p := range pids.Processes {
			if named := p.Info != nil; named != (p.Pid == pid) {
				t.Errorf("process %v; exec's pid is %d", p, pid)
			}
		}
		b.end(shim)
		want := []string{
			"/tasks/create", "/tasks/start",
			"/tasks/exec-added", "/tasks/exec-started", "/tasks/exit",
			"/tasks/exec-added", "/tasks/exec-started", "/tasks/exit",
			"/tasks/exec-added",
			"/tasks/exec-added", "/tasks/exec-started", "/tasks/exit",
			"/tasks/exit", "/tasks/delete",
		}
		if got := h.events.until(t, b.id, len(want)); !slices.Equal(got, want) {
			t.Errorf("events %q, want %q", got, want)
		}
	})
}

func TestPauseUpdateStats(t *testing.T) {
	each(t, func(h *host) {
		t := h.t
		b := h.newBox("limits", "sleep", "100")
		shim := b.run()
		ctx := h.context()
		if err := shim.Pause(ctx, &task.PauseRequest{ID: b.id}); err != nil {
			t.Fatal(err)
		}
		b.wantStatus(shim, "", api.Status_PAUSED)
		if err := b.exec(shim, "e", false, streams{}, "true"); err == nil || !strings.Contains(err.Error(), "cannot exec in a paused process") {
			t.Errorf("exec while paused: %v", err)
		}
		if err := shim.Pause(ctx, &task.PauseRequest{ID: b.id}); err == nil {
			t.Error("a paused container was paused")
		}
		if err := shim.Resume(ctx, &task.ResumeRequest{ID: b.id}); err != nil {
			t.Fatal(err)
		}
		b.wantStatus(shim, "", api.Status_RUNNING)

		update := func(body string) error {
			return shim.Update(ctx, &task.UpdateTaskRequest{
				ID: b.id, Resources: &anypb.Any{TypeUrl: ctypes.ResourcesURL, Value: []byte(body)},
			})
		}
		if err := update(`{"memory":{"limit":67108864},"pids":{"limit":99}}`); err != nil {
			t.Fatal(err)
		}
		if err := update(`{`); !cerrdefs.IsInvalidArgument(err) {
			t.Errorf("update with half a body: %v, want invalid", err)
		}
		resp, err := shim.Stats(ctx, &task.StatsRequest{ID: b.id})
		if err != nil {
			t.Fatal(err)
		}
		stats, err := typeurl.UnmarshalAny(resp.Stats)
		if err != nil {
			t.Fatal(err)
		}
		if metrics, ok := stats.(*cgroup1.Metrics); ok {
			if metrics.Memory.Usage.Limit != 67108864 || metrics.Pids.Limit != 99 || metrics.Pids.Current != 1 {
				t.Errorf("memory limit %d, pids %v", metrics.Memory.Usage.Limit, metrics.Pids)
			}
		}
		b.end(shim)
		want := []string{"/tasks/create", "/tasks/start", "/tasks/paused", "/tasks/resumed", "/tasks/exit", "/tasks/delete"}
		if got := h.events.until(t, b.id, len(want)); !slices.Equal(got, want) {
			t.Errorf("events %q, want %q", got, want)
		}
	})
}

func TestKill(t *testing.T) {
	each(t, func(h *host) {
		t := h.t
		b := h.newBox("kill", "sh", "-c", "sleep 100 & trap 'exit 9' TERM; echo ready; wait")
		b.stdio = h.newStreams("kill", which{out: true})
		shim := b.run()
		b.stdio.output.until(t, "ready")
		if err := shim.Kill(h.context(), &task.KillRequest{ID: b.id, Signal: uint32(syscall.SIGTERM)}); err != nil {
			t.Fatal(err)
		}
		if got := b.remove(shim); got.ExitStatus != 9 {
			t.Errorf("status %d, want that of the trap", got.ExitStatus)
		}

		// Paused, and with every process.
		b = h.newBox("killall", "sh", "-c", "sleep 100 & sleep 100")
		shim = b.run()
		if err := shim.Pause(h.context(), &task.PauseRequest{ID: b.id}); err != nil {
			t.Fatal(err)
		}
		if err := shim.Kill(h.context(), &task.KillRequest{ID: b.id, Signal: uint32(syscall.SIGKILL), All: true}); err != nil {
			t.Fatal(err)
		}
		if got := b.remove(shim); got.ExitStatus != 137 {
			t.Errorf("status %d, want 137", got.ExitStatus)
		}
	})
}

// TestSharedPIDs is about a container without a pid namespace of its own: the
// kernel does not end its processes with the first.
func TestSharedPIDs(t *testing.T) {
	each(t, func(h *host) {
		t := h.t
		b := h.newBox("pids", "sh", "-c", "sleep 1000 & echo $!; exit 4")
		b.spec.Linux.Namespaces = slices.DeleteFunc(b.spec.Linux.Namespaces, isPIDNamespace)
		b.stdio = h.newStreams("pids", which{out: true})
		shim := b.run()
		if got := b.remove(shim); got.ExitStatus != 4 {
			t.Errorf("status %d", got.ExitStatus)
		}
		pid := strings.TrimSpace(b.stdio.output.all(t))
		if _, err := os.Stat(filepath.Join("/proc", pid)); err == nil {
			t.Errorf("process %s outlived its container", pid)
		}
	})
}

func TestOutOfMemory(t *testing.T) {
	h := newHost(t, "")
	b := h.newBox("oom", "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1")
	b.spec.Mounts = append(b.spec.Mounts, deviceMount("/dev/zero"), deviceMount("/dev/null"))
	limit := int64(16 << 20)
	b.spec.Linux.Resources = memoryLimit(limit)
	if got := b.remove(b.run()); got.ExitStatus != 137 {
		t.Errorf("status %d, want 137", got.ExitStatus)
	}
	topics := h.events.until(t, b.id, 5)
	if oom, exit := slices.Index(topics, "/tasks/oom"), slices.Index(topics, "/tasks/exit"); oom < 0 || oom > exit {
		t.Errorf("events %q, want oom before exit", topics)
	}
}

// TestCreateFails leaves neither container nor mount, and the shim usable.
func TestCreateFails(t *testing.T) {
	each(t, func(h *host) {
		t := h.t
		b := h.newBox("fails", "nosuch")
		b.stdio = h.newStreams("fails", which{out: true, err: true})
		shim := b.start()
		_, err := shim.Create(h.context(), b.createRequest())
		if err == nil {
			_, err = shim.Start(h.context(), &task.StartRequest{ID: b.id})
		}
		if err == nil || !strings.Contains(err.Error(), "OCI runtime create failed") || !strings.Contains(err.Error(), "nosuch") {
			t.Errorf("create of what is not there: %v", err)
		}
		req := b.createRequest()
		req.Options = nil
		req.Stdout = "binary:///bin/true"
		if _, err := shim.Create(h.context(), req); !cerrdefs.IsNotImplemented(err) {
			t.Errorf("create with output to a program: %v, want not implemented", err)
		}
		req = b.createRequest()
		req.Rootfs[0].Options = []string{"lowerdir=/nosuch"}
		if _, err := shim.Create(h.context(), req); err == nil || !strings.Contains(err.Error(), "failed to mount rootfs") {
			t.Errorf("create with a rootfs that cannot be mounted: %v", err)
		}
		b.shutdown(shim)
	})
}

// TestDeleteCreated removes a container that was never started.
func TestDeleteCreated(t *testing.T) {
	each(t, func(h *host) {
		t := h.t
		b := h.newBox("never", "true")
		shim := b.start()
		if _, err := shim.Create(h.context(), b.createRequest()); err != nil {
			t.Fatal(err)
		}
		// It stays while it has a container.
		if err := shim.Shutdown(h.context(), &task.ShutdownRequest{ID: b.id}); err != nil {
			t.Fatal(err)
		}
		resp, err := shim.Delete(h.context(), &task.DeleteRequest{ID: b.id})
		if err != nil || resp.ExitStatus != 137 {
			t.Errorf("delete: %v, %v, want status 137", resp, err)
		}
		b.shutdown(shim)
		want := []string{"/tasks/create", "/tasks/exit", "/tasks/delete"}
		if got := h.events.until(t, b.id, len(want)); !slices.Equal(got, want) {
			t.Errorf("events %q, want %q", got, want)
		}
	})
}

// TestForeignShim lets our client use containerd's own shim, of version 1.6.
func TestForeignShim(t *testing.T) {
	h := newHost(t, "runc")
	h.program.shim = component(t, "containerd-shim-runc-v2")
	b := h.newBox("foreign", "sh", "-c", "echo foreign; cat; exit 8")
	b.stdio = h.newStreams("foreign", which{in: true, out: true, err: true})
	shim := b.run()
	b.wantStatus(shim, "", api.Status_RUNNING)
	connect, err := shim.Connect(h.context(), &task.ConnectRequest{ID: b.id})
	if err != nil || connect.TaskPid == 0 {
		t.Errorf("connect: %v, %v", connect, err)
	}
	for _, step := range []struct {
		name string
		call func() error
	}{
		{"pause", func() error { return shim.Pause(h.context(), &task.PauseRequest{ID: b.id}) }},
		{"resume", func() error { return shim.Resume(h.context(), &task.ResumeRequest{ID: b.id}) }},
		{"update", func() error {
			return shim.Update(h.context(), &task.UpdateTaskRequest{ID: b.id, Resources: &anypb.Any{
				TypeUrl: ctypes.ResourcesURL, Value: []byte(`{"memory":{"limit":67108864},"intelRdt":{"l3CacheSchema":"L3:0=f"}}`),
			}})
		}},
		{"close stdin", func() error {
			b.stdio.input.Close()
			return shim.CloseIO(h.context(), &task.CloseIORequest{ID: b.id, Stdin: true})
		}},
	} {
		if err := step.call(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	shim.Close()
	shim, err = client.Load(h.context(), b.config())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shim.Wait(h.context(), &task.WaitRequest{ID: b.id}); err != nil {
		t.Error(err)
	}
	if got, err := shim.Delete(h.context(), &task.DeleteRequest{ID: b.id}); err != nil || got.ExitStatus != 8 {
		t.Errorf("delete: %v, %v", got, err)
	}
	if got := b.stdio.output.all(t); got != "foreign\n" {
		t.Errorf("output %q", got)
	}
	want := []string{"/tasks/create", "/tasks/start", "/tasks/paused", "/tasks/resumed", "/tasks/exit", "/tasks/delete"}
	if got := h.events.until(t, b.id, len(want)); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
	b.shutdown(shim) // after the events: that shim does not wait to send them
}
