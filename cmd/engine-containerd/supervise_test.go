package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/callroute/callroute/engine/containerd/lock"
	"github.com/callroute/callroute/engine/containerd/supervise"
	"github.com/callroute/callroute/engine/containerd/types"
)

// TestSupervise has containerd kept running for a daemon: it is started again
// when it dies, taken up when the daemon dies, and ended with it. A container
// does not notice.
func TestSupervise(t *testing.T) {
	h := prepareHost(t, ours)
	needRoot(t, "that containerd is kept running")
	programs, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	c := supervise.Config{
		Program: filepath.Join(programs, "engine-containerd"), Root: h.path("root"), State: h.path("state"), LogLevel: "debug", Log: &h.log,
	}
	first, err := supervise.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Stop()
	h.Client.Close()
	h.connect(first.Address())
	id, pid := h.run("c", "sleep", "1000")

	if err := syscall.Kill(holder(t, c.Root), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if state := h.wantStatus(id, types.StatusRunning); state.Pid != pid {
		t.Errorf("%+v, was process %d", state, pid)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it takes %s until it is back", took)
	}

	// The daemon that comes after a killed one finds it running.
	second, err := supervise.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	h.wantStatus(id, types.StatusRunning)
	h.remove(id)
	second.Stop()
	first.Stop()
	if pid := holder(t, c.Root); pid != 0 {
		t.Errorf("process %d still has %s", pid, c.Root)
	}
}

// TestSuperviseFails starts what ends at once.
func TestSuperviseFails(t *testing.T) {
	dir := t.TempDir()
	for _, program := range []string{"/bin/false", filepath.Join(dir, "none")} {
		p, err := supervise.Start(t.Context(), supervise.Config{Program: program, Root: dir, State: dir, LogLevel: "info"})
		if err == nil {
			p.Stop()
			t.Errorf("%s is no containerd", program)
		} else if !strings.Contains(err.Error(), "containerd") {
			t.Errorf("%s: %v", program, err)
		}
	}
}

// holder is the process that has a folder.
func holder(t *testing.T, dir string) int {
	t.Helper()
	pid, err := lock.Holder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
