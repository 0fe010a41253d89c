package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/containerd/go-runc"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// TestGoRunc drives the runtime as a containerd shim does.
func TestGoRunc(t *testing.T) {
	w := newWorld(t)
	t.Setenv(actAsProgram, "1")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r := &runc.Runc{
		Command:   w.program,
		Root:      w.root,
		Log:       filepath.Join(t.TempDir(), "log.json"),
		LogFormat: runc.JSON,
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	version, err := r.Version(ctx)
	must(err)
	if version.Runc == "" || version.Spec != specs.Version {
		t.Errorf("version: %+v", version)
	}
	features, err := r.Features(ctx)
	must(err)
	if features.OCIVersionMax != specs.Version || features.Linux.Seccomp.Enabled == nil {
		t.Errorf("features: %+v", features)
	}

	bundle := w.bundle("c", nil)
	null, err := runc.NewNullIO()
	must(err)
	defer null.Close()
	pidFile := filepath.Join(t.TempDir(), "pid")
	must(r.Create(ctx, "c", bundle, &runc.CreateOpts{IO: null, PidFile: pidFile, NoPivot: false}))
	pid, err := runc.ReadPidFile(pidFile)
	must(err)
	defer reap(pid)
	defer func() { _ = r.Delete(context.WithoutCancel(ctx), "c", &runc.DeleteOpts{Force: true}) }()
	c, err := r.State(ctx, "c")
	must(err)
	if c.ID != "c" || c.Pid != pid || c.Status != "created" || c.Bundle != bundle || c.Created.IsZero() {
		t.Errorf("state: %+v", c)
	}
	must(r.Start(ctx, "c"))

	execPid := filepath.Join(t.TempDir(), "pid")
	socket, err := runc.NewTempConsoleSocket()
	must(err)
	defer socket.Close()
	must(r.Exec(ctx, "c", specs.Process{
		Args: busyboxArgs("sh", "-c", "tty; exit 9"), Cwd: "/", Terminal: true,
	}, &runc.ExecOpts{Detach: true, PidFile: execPid, ConsoleSocket: socket}))
	master, err := socket.ReceiveMaster()
	must(err)
	defer master.Close()
	watchScreen(master).shows(t, "/dev/pts/0")
	child, err := runc.ReadPidFile(execPid)
	must(err)
	var ws unix.WaitStatus
	if _, err := unix.Wait4(child, &ws, 0, nil); err != nil || ws.ExitStatus() != 9 {
		t.Errorf("the exec's exit status: %d, %v", ws.ExitStatus(), err)
	}

	must(r.Update(ctx, "c", &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: new(int64(64 << 20))}}))
	stats, err := r.Stats(ctx, "c")
	must(err)
	if stats.Memory.Usage.Limit != 64<<20 || stats.Pids.Current == 0 {
		t.Errorf("stats: %+v %+v", stats.Memory.Usage, stats.Pids)
	}
	must(r.Pause(ctx, "c"))
	list, err := r.List(ctx)
	must(err)
	if len(list) != 1 || list[0].Status != "paused" {
		t.Errorf("list: %+v", list)
	}
	must(r.Resume(ctx, "c"))
	pids, err := r.Ps(ctx, "c")
	must(err)
	if !slices.Equal(pids, []int{pid}) {
		t.Errorf("ps: %v, want %d", pids, pid)
	}
	top, err := r.Top(ctx, "c", "-ef")
	must(err)
	if len(top.Processes) != 1 {
		t.Errorf("top: %+v", top)
	}
	must(r.Kill(ctx, "c", int(unix.SIGKILL), &runc.KillOpts{All: true}))
	if _, err := unix.Wait4(pid, &ws, 0, nil); err != nil || ws.Signal() != unix.SIGKILL {
		t.Errorf("the container's end: %v, %v", ws.Signal(), err)
	}
	must(r.Delete(ctx, "c", nil))
	w.gone("c")

	// What went wrong is the last entry of the log.
	if err := r.Start(ctx, "c"); err == nil || !strings.Contains(err.Error(), "container does not exist") {
		t.Errorf("start of a container that is gone: %v", err)
	}
	if level, msg := lastLog(t, r.Log); level != "error" || msg != "container does not exist" {
		t.Errorf("log: %s: %s", level, msg)
	}
}

// TestSameAsRunc does the same with the runc of the machine and compares.
func TestSameAsRunc(t *testing.T) {
	w := newWorld(t)
	path, err := exec.LookPath("runc")
	if err != nil {
		t.Fatalf("runc is needed: %v", err)
	}
	theirs := &world{t: t, program: path, root: filepath.Join(t.TempDir(), "state"), env: os.Environ()}
	ours := w
	ours.running("ours", nil)
	theirBundle := w.bundle("theirs", nil)
	theirs.createOf("theirs", theirBundle)
	theirs.ok("start", "theirs")

	if a, b := keys(t, ours.ok("state", "ours")), keys(t, theirs.ok("state", "theirs")); !slices.Equal(a, b) {
		t.Errorf("fields of state: %v, runc's %v", a, b)
	}
	first := func(w *world) string {
		var list []json.RawMessage
		if err := json.Unmarshal([]byte(w.ok("list", "--format", "json")), &list); err != nil || len(list) != 1 {
			t.Fatalf("list: %v, %d", err, len(list))
		}
		return string(list[0])
	}
	if a, b := keys(t, first(ours)), keys(t, first(theirs)); !slices.Equal(a, b) {
		t.Errorf("fields of list: %v, runc's %v", a, b)
	}
	data := func(w *world, id string) string {
		var event struct{ Data json.RawMessage }
		if err := json.Unmarshal([]byte(w.ok("events", "--stats", id)), &event); err != nil {
			t.Fatal(err)
		}
		return string(event.Data)
	}
	if a, b := keys(t, data(ours, "ours")), keys(t, data(theirs, "theirs")); !slices.Equal(a, b) {
		t.Errorf("fields of events: %v, runc's %v", a, b)
	}

	// Same exit status, and the same words where callers look for them.
	for _, args := range [][]string{
		{"state", "none"},
		{"start", "none"},
		{"delete", "none"},
		{"delete", "--force", "none"},
		{"kill", "none", "9"},
		{"pause", "none"},
		{"resume", "none"},
		{"update", "none"},
		{"events", "--stats", "none"},
		{"ps", "none"},
		{"state", ".."},
		{"state", "a/b"},
		{"start", "ID"},
		{"delete", "ID"},
		{"resume", "ID"},
		{"kill", "ID", "NONE"},
		{"exec", "ID", "/bin/busybox", "sh", "-c", "exit 42"},
		{"exec", "none", "/bin/busybox"},
		{"list", "--format", "xml"},
		{"ps", "--format", "xml", "ID"},
		{"run", "--bundle", "/no/such/bundle", "new"},
		{"create", "--bundle", theirBundle, "a/b"},
		{"create", "--bundle", theirBundle, "ID"},
		{"pause", "ID"},
		{"exec", "ID", "/bin/busybox"},
		{"resume", "ID"},
		{"kill", "ID", "KILL"},
	} {
		for _, w := range []*world{ours, theirs} {
			w.log = filepath.Join(t.TempDir(), "log.json")
		}
		in := func(id string) []string {
			named := slices.Clone(args)
			for i := range named {
				if named[i] == "ID" {
					named[i] = id
				}
			}
			return named
		}
		a, b := ours.run(in("ours")...), theirs.run(in("theirs")...)
		if a.status != b.status {
			t.Errorf("%v: exit status %d, runc's %d (%s)", args, a.status, b.status, a.err)
		}
		ourMsg, theirMsg := errorIn(t, ours.log), strings.ReplaceAll(errorIn(t, theirs.log), "theirs", "ours")
		if ourMsg != theirMsg {
			t.Errorf("%v: error %q, runc's %q", args, ourMsg, theirMsg)
		}
	}
}

// errorIn is the error in a log, or nothing.
func errorIn(t *testing.T, log string) string {
	t.Helper()
	if info, err := os.Stat(log); err != nil || info.Size() == 0 {
		return ""
	}
	level, msg := lastLog(t, log)
	if level != "error" {
		return ""
	}
	return msg
}

// TestRuncContinues hands a container from one runtime to the other: the state
// on disk is libcontainer's.
func TestRuncContinues(t *testing.T) {
	w := newWorld(t)
	theirs := &world{t: t, program: "runc", root: w.root, env: os.Environ()}
	w.create("c", nil)
	theirs.ok("start", "c")
	theirs.ok("pause", "c")
	w.wantStatus("c", "paused")
	w.ok("resume", "c")
	if got, want := theirs.ok("ps", "--format", "json", "c"), "["+strconv.Itoa(w.state("c").PID)+"]\n"; got != want {
		t.Errorf("runc ps: %s, want %s", got, want)
	}
}
