package main

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	task "github.com/containerd/containerd/api/runtime/task/v3"
	api "github.com/containerd/containerd/api/types/task"
	cerrdefs "github.com/containerd/errdefs"

	"github.com/callroute/callroute/engine/shim/client"
)

// TestReaderComesBack is about containerd's client dying and coming back: its
// fifos must neither end nor break.
func TestReaderComesBack(t *testing.T) {
	h := newHost(t, "")
	b := h.newBox("reader", "sh", "-c", "echo first; cat >/dev/null; echo second; exit 3")
	b.stdio = h.newStreams("reader", which{in: true, out: true})
	shim := b.run()
	b.stdio.output.until(t, "first")
	again, err := os.OpenFile(b.stdio.out, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	shim.Close()
	b.stdio.input.Close()

	shim, err = client.Load(h.context(), b.config())
	if err != nil {
		t.Fatal(err)
	}
	b.wantStatus(shim, "", api.Status_RUNNING)
	if err := shim.CloseIO(h.context(), &task.CloseIORequest{ID: b.id, Stdin: true}); err != nil {
		t.Fatal(err)
	}
	if got := b.remove(shim); got.ExitStatus != 3 {
		t.Errorf("status %d, want 3: a broken pipe is 141", got.ExitStatus)
	}
	rest := newReader(again).all(t) + b.stdio.output.all(t)
	if !strings.Contains(rest, "second") {
		t.Errorf("output %q", rest)
	}
}

// TestEventsWait is about events of a time in which containerd is away.
func TestEventsWait(t *testing.T) {
	h := newHost(t, "")
	b := h.newBox("away", "true")
	h.events.server.Close()
	shim := b.run()
	if _, err := shim.Wait(h.context(), &task.WaitRequest{ID: b.id}); err != nil {
		t.Fatal(err)
	}
	if got := h.events.topics(t, b.id); len(got) != 0 {
		t.Fatalf("events %q of a server that is down", got)
	}
	h.events.listen(t)
	b.remove(shim)
	want := []string{"/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"}
	if got := h.events.until(t, b.id, len(want)); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

// TestShimDies is about kill -9 of the shim: the delete action cleans up.
func TestShimDies(t *testing.T) {
	each(t, func(h *host) {
		t := h.t
		b := h.newBox("dies", "sleep", "100")
		cfg := b.config()
		closed := make(chan struct{})
		shim := b.run()
		connect, err := shim.Connect(h.context(), &task.ConnectRequest{ID: b.id})
		if err != nil {
			t.Fatal(err)
		}
		cfg.OnClose = func() { close(closed) }
		second, err := client.Load(h.context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(int(connect.ShimPid), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		select {
		case <-closed:
		case <-time.After(5 * time.Second):
			t.Error("nobody was told of the shim's death")
		}
		if _, err := second.State(h.context(), &task.StateRequest{ID: b.id}); !cerrdefs.IsUnavailable(err) {
			t.Errorf("state of a dead shim: %v, want unavailable", err)
		}
		if _, err := client.Load(h.context(), cfg); !cerrdefs.IsUnavailable(err) {
			t.Errorf("load of a dead shim: %v, want unavailable", err)
		}
		shim.Close()
		second.Close()

		cfg.Binary = "" // the bundle knows
		exit, err := client.DeleteAfterDeath(h.context(), cfg)
		if err != nil || exit.Pid != connect.TaskPid || exit.Status != 137 {
			t.Errorf("delete after death: %+v, %v, want pid %d, status 137", exit, err, connect.TaskPid)
		}
		if _, err := client.Load(h.context(), cfg); !cerrdefs.IsNotFound(err) {
			t.Errorf("load after that: %v, want not found", err)
		}
		// Twice does no harm.
		if _, err := client.DeleteAfterDeath(h.context(), cfg); err != nil {
			t.Errorf("second delete after death: %v", err)
		}
	})
}

// TestShimDiesLate is about a shim that dies when its container is over: the
// exit status is not lost.
func TestShimDiesLate(t *testing.T) {
	h := newHost(t, "")
	b := h.newBox("late", "sh", "-c", "exit 6")
	shim := b.run()
	if _, err := shim.Wait(h.context(), &task.WaitRequest{ID: b.id}); err != nil {
		t.Fatal(err)
	}
	connect, err := shim.Connect(h.context(), &task.ConnectRequest{ID: b.id})
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(int(connect.ShimPid), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	shim.Close()
	exit, err := client.DeleteAfterDeath(h.context(), b.config())
	if err != nil || exit.Status != 6 {
		t.Errorf("delete after death: %+v, %v, want status 6", exit, err)
	}
}
