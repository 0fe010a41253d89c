package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/containerd/types"
)

// TestKilled kills containerd while containers run, are paused, wait for their
// start and end, and starts it again.
func TestKilled(t *testing.T) {
	for _, runtime := range []string{ours, debians} {
		t.Run(runtime, func(t *testing.T) {
			h := newHost(t, runtime)
			ctx := h.context()
			running, pid := h.run("running", "sleep", "1000")
			paused, _ := h.run("paused", "sleep", "1000")
			if err := h.Pause(ctx, paused); err != nil {
				t.Fatal(err)
			}
			created, _ := h.create("created", types.IO{}, "sleep", "1000")
			ends, _ := h.run("ends", "sh", "-c", "sleep 0.3; exit 4")
			if err := h.Exec(ctx, running, "e", processOf([]string{"sleep", "1000"}, false), types.IO{}); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Start(ctx, running, "e"); err != nil {
				t.Fatal(err)
			}
			heard := h.listen(ctx)
			waited := make(chan error, 1)
			go func() {
				_, err := h.Wait(ctx, running, "")
				waited <- err
			}()

			h.kill()
			if err := <-waited; !errdefs.IsUnavailable(err) {
				t.Errorf("who waited hears %v", err)
			}
			for e := range heard.from {
				t.Logf("before the end: %+v", e)
			}
			time.Sleep(400 * time.Millisecond) // "ends" ends while nobody is there
			h.start()

			if state := h.wantStatus(running, types.StatusRunning); state.Pid != pid || !alive(pid) {
				t.Errorf("state %+v, was process %d", state, pid)
			}
			h.wantStatus(paused, types.StatusPaused)
			h.wantStatus(created, types.StatusCreated)
			if exit, err := h.Wait(ctx, ends, ""); err != nil || exit.Status != 4 {
				t.Errorf("what ended meanwhile: %+v, %v", exit, err)
			}
			if state, err := h.State(ctx, running, "e"); err != nil || state.Status != types.StatusRunning {
				t.Errorf("exec: %+v, %v", state, err)
			}
			heard = h.listen(ctx)
			if err := h.Kill(ctx, running, "e", int(unix.SIGKILL), types.KillProcess); err != nil {
				t.Errorf("kill of exec: %v", err)
			}
			heard.want(types.TaskExit, running, "e")
			if err := h.Unpause(ctx, paused); err != nil {
				t.Errorf("unpause: %v", err)
			}
			if _, err := h.Start(ctx, created, ""); err != nil {
				t.Errorf("start: %v", err)
			}
			h.wantStatus(created, types.StatusRunning)
			for _, id := range []string{running, paused, created} {
				h.remove(id)
			}
			h.delete(ends)
		})
	}
}

// TestWaitsForContainerd asks while nobody is there to answer.
func TestWaitsForContainerd(t *testing.T) {
	h := newHost(t, ours)
	ctx := h.context()
	id, _ := h.run("c", "sleep", "1000")
	h.kill()
	answered := make(chan error, 1)
	go func() {
		_, err := h.State(ctx, id, "")
		answered <- err
	}()
	time.Sleep(200 * time.Millisecond)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := h.State(short, id, ""); err == nil {
		t.Error("nobody answered, and that was no error")
	}
	h.start()
	began := time.Now()
	if err := <-answered; err != nil {
		t.Errorf("state: %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it takes %s to find containerd again", took)
	}
	h.remove(id)
}

// TestShimDies kills a shim: what it ran is ended, and who waits is told.
func TestShimDies(t *testing.T) {
	for _, runtime := range []string{ours, debians} {
		t.Run(runtime, func(t *testing.T) {
			h := newHost(t, runtime)
			ctx := h.context()
			id, pid := h.run("c", "sleep", "1000")
			other, _ := h.run("other", "sleep", "1000")
			heard := h.listen(ctx)
			type waited struct {
				exit types.Exit
				err  error
			}
			waits := make(chan waited, 1)
			go func() {
				exit, err := h.Wait(ctx, id, "")
				waits <- waited{exit, err}
			}()
			time.Sleep(100 * time.Millisecond) // the wait is on its way
			if err := syscall.Kill(h.shimOf(id), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if w := <-waits; w.err != nil || w.exit.Status != 137 {
				t.Errorf("wait: %+v", w)
			}
			if alive(pid) {
				t.Error("its process lives on, seen by nobody")
			}
			if e := heard.want(types.TaskExit, id, ""); e.Exit.Status != 137 {
				t.Errorf("event %+v", e)
			}
			_, err := h.State(ctx, id, "")
			if !errdefs.IsNotFound(err) {
				t.Errorf("state: %v", err)
			}
			h.wantStatus(other, types.StatusRunning)

			// Its name can be used again, though its record is still there.
			o := types.CreateOptions{Spec: specOf(id, []string{"sleep", "1000"}, false), SnapshotKey: id}
			if o.Rootfs, err = h.Stores().Snapshots.Mounts(ctx, id); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Create(ctx, id, o); err != nil {
				t.Fatalf("create again: %v", err)
			}
			h.remove(id)
			h.remove(other)
		})
	}
}

// TestBothDie kills containerd and a shim, so that nobody sees its container's
// end, and starts containerd again.
func TestBothDie(t *testing.T) {
	for _, runtime := range []string{ours, debians} {
		t.Run(runtime, func(t *testing.T) {
			h := newHost(t, runtime)
			ctx := h.context()
			id, pid := h.run("c", "sleep", "1000")
			shim := h.shimOf(id)
			h.kill()
			if err := syscall.Kill(shim, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			// A bundle that was made no further.
			half := h.path("state/io.containerd.runtime.v2.task/test/half/rootfs")
			if err := os.MkdirAll(half, 0o700); err != nil {
				t.Fatal(err)
			}
			// And a folder whose bundle went with a reboot.
			if err := os.MkdirAll(h.path("root/io.containerd.runtime.v2.task/test/gone"), 0o700); err != nil {
				t.Fatal(err)
			}
			h.start()
			if alive(pid) {
				t.Error("its process lives on, seen by nobody")
			}
			if all, err := h.List(ctx); err != nil || len(all) != 1 || all[0].ID != id || all[0].Status != types.StatusUnknown {
				t.Errorf("list: %+v, %v", all, err)
			}
			if _, err := h.Wait(ctx, id, ""); !errdefs.IsNotFound(err) {
				t.Errorf("wait: %v", err)
			}
			h.delete(id)
		})
	}
}

// TestCreateIsCutOff kills containerd in the middle of a create, at one point of
// time after the other: the client takes back what came of it.
func TestCreateIsCutOff(t *testing.T) {
	h := newHost(t, ours)
	h.load()
	cut := 0
	for after := 2 * time.Millisecond; after < 60*time.Millisecond; after += 8 * time.Millisecond {
		id := h.id("cut")
		o := h.options(id, types.IO{}, "sleep", "1000")
		result := make(chan error, 1)
		go func() {
			_, err := h.Create(h.context(), id, o)
			result <- err
		}()
		time.Sleep(after)
		h.kill()
		h.start()
		err := <-result
		if err == nil {
			h.remove(id)
			continue
		}
		cut++
		all, listErr := h.List(h.context())
		if listErr != nil || len(all) != 0 {
			t.Errorf("cut off after %s (%v) there is %+v, %v", after, err, all, listErr)
		}
		if err := h.Stores().Snapshots.Remove(h.context(), id); err != nil && !errdefs.IsNotFound(err) {
			t.Errorf("snapshot: %v", err)
		}
	}
	if cut == 0 {
		t.Error("no create was cut off")
	}
}

// TestLaunchIsCutOff kills containerd while a shim's start action works that
// takes longer than containerd takes to come back, and would end while what was
// left is cleaned up.
func TestLaunchIsCutOff(t *testing.T) {
	for _, slow := range []struct{ name, script string }{
		{"before the shim", "sleep 0.3; exec %s \"$@\""},
		{"after the shim", "%s \"$@\"; sleep 0.3"},
	} {
		t.Run(slow.name, func(t *testing.T) {
			h := newHost(t, ours)
			h.load()
			shim := h.path("shim")
			script := "#!/bin/sh\ncase \"$*\" in\n*start) touch " + h.path("launched") + "; " + slow.script + ";;\n*delete) sleep 0.6; exec %s \"$@\";;\nesac\n"
			binary := filepath.Join(filepath.Dir(h.binary), "containerd-shim-engine-v2")
			if err := os.WriteFile(shim, fmt.Appendf(nil, script, binary, binary), 0o700); err != nil {
				t.Fatal(err)
			}
			h.stop()
			h.args = append(h.args, "--shim", shim)
			h.start()

			id := h.id("cut")
			o := h.options(id, types.IO{}, "sleep", "1000")
			result := make(chan error, 1)
			go func() {
				_, err := h.Create(h.context(), id, o)
				result <- err
			}()
			h.eventually("a shim is launched", func() bool {
				_, err := os.Stat(h.path("launched"))
				return err == nil
			})
			h.kill()
			h.start()
			if err := <-result; err == nil {
				t.Error("the create was not cut off")
			}
			if all, err := h.List(h.context()); err != nil || len(all) != 0 {
				t.Errorf("there is %+v, %v", all, err)
			}
			if err := h.Stores().Snapshots.Remove(h.context(), id); err != nil && !errdefs.IsNotFound(err) {
				t.Errorf("snapshot: %v", err)
			}
		})
	}
}

// TestCreateIsGivenUp has the client go in the middle of a create.
func TestCreateIsGivenUp(t *testing.T) {
	h := newHost(t, ours)
	h.load()
	for after := time.Millisecond; after < 40*time.Millisecond; after += 6 * time.Millisecond {
		id := h.id("given-up")
		o := h.options(id, types.IO{}, "sleep", "1000")
		ctx, cancel := context.WithTimeout(h.context(), after)
		_, err := h.Create(ctx, id, o)
		cancel()
		if err == nil {
			h.remove(id)
			continue
		}
		if _, err := h.Create(h.context(), id, o); err != nil {
			t.Errorf("create again after %s: %v", after, err)
			_ = h.Stores().Snapshots.Remove(h.context(), id)
			continue
		}
		h.remove(id)
	}
}
