package daemon

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// now stops without patience.
func now() types.StopOptions {
	zero := 0
	return types.StopOptions{Timeout: &zero}
}

// TestLifecycle takes a container through each state. Counts, events and what
// is left of it are looked at on the way.
func TestLifecycle(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.expectCounts("empty", "0 0 0 0")
	id := b.create("box")
	b.expectState("box", "created 0")
	b.expectCounts("created", "1 0 0 1")
	if !b.images.prepared[id] {
		t.Error("it has no file system")
	}
	expectError(t, b.Stop(ctx, "box", now()), same, "already stopped")
	expectError(t, b.Pause(ctx, "box"), conflict, "is not running")
	expectError(t, b.Kill(ctx, "box", ""), conflict, "cannot kill container: box: container "+id+" is not running")

	b.do(b.Start(ctx, "box", types.StartOptions{}))
	b.expectState("box", "running 0")
	b.expectCounts("started", "1 1 0 0")
	if got := b.state("box").Pid; got != 1001 {
		t.Errorf("process %d", got)
	}
	expectError(t, b.Start(ctx, "box", types.StartOptions{}), same, "already started")
	expectError(t, b.Remove(ctx, "box", types.RemoveOptions{}), conflict, `cannot remove container "box": container is running: stop the container before removing or force remove`)
	expectError(t, b.Unpause(ctx, "box"), conflict, "is not paused")

	b.do(b.Pause(ctx, "box"))
	b.expectState("box", "paused 0")
	b.expectCounts("paused", "1 0 1 0")
	expectError(t, b.Pause(ctx, "box"), conflict, "already paused")
	expectError(t, b.Start(ctx, "box", types.StartOptions{}), conflict, "cannot start a paused container, try unpause instead")
	expectError(t, b.Remove(ctx, "box", types.RemoveOptions{}), conflict, "container is paused and must be unpaused first")
	b.do(b.Unpause(ctx, "box"))
	b.expectCounts("unpaused", "1 1 0 0")

	b.do(b.Restart(ctx, "box", types.StopOptions{}))
	b.expectState("box", "running 0")
	b.expectCounts("restarted", "1 1 0 0")

	b.do(b.Kill(ctx, "box", "KILL"))
	b.expectState("box", "exited 137")
	b.expectCounts("killed", "1 0 0 1")
	b.expectNothingLeft(id)

	b.do(b.Remove(ctx, "box", types.RemoveOptions{}))
	b.expectCounts("removed", "0 0 0 0")
	expectError(t, b.Start(ctx, "box", types.StartOptions{}), missing, "No such container: box")
	if b.images.prepared[id] {
		t.Error("its file system is left")
	}
	b.expectTold([]string{
		"create", "start", "pause", "unpause", "kill signal=15", "die exitCode=143", "stop", "start", "restart", "kill signal=9", "die exitCode=137", "destroy",
	}, "exitCode", "signal")
}

// TestStopIsPatient looks at which signals a stop sends.
func TestStopIsPatient(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*types.CreateRequest)
		options types.StopOptions
		ignored []syscall.Signal
		want    []string
		state   string
	}{
		{name: "it ends by itself", want: []string{"kill signal=15", "die", "stop"}, state: "exited 143"},
		{
			name: "its own signal", change: func(r *types.CreateRequest) { r.StopSignal = "SIGINT" },
			want: []string{"kill signal=2", "die", "stop"}, state: "exited 130",
		},
		{
			name: "the signal asked for", change: func(r *types.CreateRequest) { r.StopSignal = "SIGINT" }, options: types.StopOptions{Signal: "QUIT"},
			want: []string{"kill signal=3", "die", "stop"}, state: "exited 131",
		},
		{
			name: "it does not listen", options: now(), ignored: []syscall.Signal{syscall.SIGTERM},
			want: []string{"kill signal=15", "kill signal=9", "die", "stop"}, state: "exited 137",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.containerd.ignored = test.ignored
			if test.change == nil {
				test.change = func(*types.CreateRequest) {}
			}
			b.run("box", test.change)
			b.do(b.Stop(t.Context(), "box", test.options))
			b.expectState("box", test.state)
			b.expectTold(append([]string{"create", "start"}, test.want...), "signal")
		})
	}
	t.Run("signals that are none", func(t *testing.T) {
		b := newBench(t)
		b.run("box")
		expectError(t, b.Stop(t.Context(), "box", types.StopOptions{Signal: "NOSUCH"}), bad, "invalid signal: NOSUCH")
		expectError(t, b.Kill(t.Context(), "box", "NOSUCH"), bad, "invalid signal: NOSUCH")
		expectError(t, b.Kill(t.Context(), "box", "99"), bad, "signal")
		b.expectState("box", "running 0")
	})
}

// TestPausedContainerEnds: what is frozen hears a signal only when it thaws.
func TestPausedContainerEnds(t *testing.T) {
	for name, end := range map[string]func(*bench) error{
		"kill":      func(b *bench) error { return b.Kill(b.t.Context(), "box", "") },
		"kill TERM": func(b *bench) error { return b.Kill(b.t.Context(), "box", "TERM") },
		"stop":      func(b *bench) error { return b.Stop(b.t.Context(), "box", types.StopOptions{}) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.run("box")
			b.do(b.Pause(t.Context(), "box"))
			b.do(end(b))
			b.awaitState("box", container.StateExited)
			b.expectCounts("after", "1 0 0 1")
		})
	}
	t.Run("remove by force", func(t *testing.T) {
		b := newBench(t)
		b.run("box")
		b.do(b.Pause(t.Context(), "box"))
		b.do(b.Remove(t.Context(), "box", types.RemoveOptions{Force: true}))
		b.expectCounts("after", "0 0 0 0")
	})
	t.Run("another signal leaves it frozen", func(t *testing.T) {
		b := newBench(t)
		b.containerd.ignored = []syscall.Signal{syscall.SIGHUP}
		b.run("box")
		b.do(b.Pause(t.Context(), "box"))
		b.do(b.Kill(t.Context(), "box", "HUP"))
		b.expectState("box", "paused 0")
	})
	t.Run("a runtime that thaws and kills", func(t *testing.T) {
		b := newBench(t)
		id := b.run("box")
		b.do(b.Pause(t.Context(), "box"))
		b.containerd.fail = func(call string) error {
			if call == "unpause "+id {
				b.containerd.tasks[id].end(137) // the lock is held
				return errdefs.Conflict("it is not paused")
			}
			return nil
		}
		b.do(b.Kill(t.Context(), "box", ""))
		b.awaitState("box", container.StateExited)
	})
}

// TestStartFails lets each step fail. Nothing may be left, and the state says
// why.
func TestStartFails(t *testing.T) {
	const notFound = `OCI runtime create failed: exec: "nosuch": executable file not found in $PATH`
	for _, test := range []struct {
		name   string
		fail   func(*bench, error)
		err    error
		status int
		exit   int
	}{
		{"network", func(b *bench, err error) { b.network.fail = err }, errdefs.Conflict("port is taken"), conflict, 128},
		{"file system", func(b *bench, err error) { b.images.fail = failing("mounts", err) }, errdefs.Internal("disk on fire"), http.StatusInternalServerError, 128},
		{"create", func(b *bench, err error) { b.containerd.fail = failing("create", err) }, errors.New("shim died"), http.StatusInternalServerError, 128},
		{"start", func(b *bench, err error) { b.containerd.fail = failing("start", err) }, errors.New("shim died"), http.StatusInternalServerError, 128},
		{"no such program", func(b *bench, err error) { b.containerd.fail = failing("create", err) }, errors.New(notFound), bad, 127},
		{"no such program at start", func(b *bench, err error) { b.containerd.fail = failing("start", err) }, errors.New(notFound), bad, 127},
		{"no program", func(b *bench, err error) { b.containerd.fail = failing("create", err) }, errors.New(`exec: "/etc": permission denied`), bad, 126},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			id := b.create("box")
			test.fail(b, test.err)
			expectError(t, b.Start(t.Context(), "box", types.StartOptions{}), test.status, test.err.Error())
			s := b.state("box")
			if s.Status != container.StateCreated || s.ExitCode != test.exit || s.Error == "" {
				t.Errorf("%s %d %q, want created %d", s.Status, s.ExitCode, s.Error, test.exit)
			}
			b.expectNothingLeft(id)
			b.expectCounts("after", "1 0 0 1")

			// What is mended starts.
			b.network.fail, b.images.fail, b.containerd.fail = nil, nil, nil
			b.do(b.Start(t.Context(), "box", types.StartOptions{}))
			if s := b.state("box"); s.Status != container.StateRunning || s.ExitCode != 0 || s.Error != "" {
				t.Errorf("then it is %s %d %q", s.Status, s.ExitCode, s.Error)
			}

			// One of run --rm is gone at once.
			test.fail(b, test.err)
			other := b.create("other", autoRemove)
			if err := b.Start(t.Context(), "other", types.StartOptions{}); err == nil {
				t.Error("no error")
			}
			b.awaitGone("other")
			b.expectNothingLeft(other)
			b.expectCounts("after --rm", "1 1 0 0")
		})
	}
}

func autoRemove(r *types.CreateRequest) { r.HostConfig.AutoRemove = true }

func failing(verb string, err error) func(string) error {
	return func(call string) error {
		if call == verb || len(call) > len(verb) && call[:len(verb)+1] == verb+" " {
			return err
		}
		return nil
	}
}

func TestAutoRemove(t *testing.T) {
	b := newBench(t)
	id := b.create("box", autoRemove, func(r *types.CreateRequest) { r.Volumes = map[string]struct{}{"/data": {}} })
	exit, err := b.Wait(t.Context(), "box", container.WaitConditionRemoved)
	b.do(err)
	b.do(b.Start(t.Context(), "box", types.StartOptions{}))
	b.do(b.Restart(t.Context(), "box", now())) // which ends it, and is no end of it
	select {
	case <-exit:
		t.Fatal("a restart removed it")
	default:
	}
	b.containerd.exit(id, 3)
	if got := <-exit; got.StatusCode != 3 || got.Error != nil {
		t.Errorf("wait: %+v", got)
	}
	b.expectCounts("after", "0 0 0 0")
	b.expectNothingLeft(id)
	if v, err := b.Volumes.List(t.Context(), nil); err != nil || len(v.Volumes) > 0 {
		t.Errorf("its volume is left: %v %v", v.Volumes, err)
	}
}

func TestWait(t *testing.T) {
	b := newBench(t)
	id := b.create("box")
	wait := func(c container.WaitCondition) <-chan container.WaitResponse {
		t.Helper()
		exit, err := b.Wait(t.Context(), "box", c)
		b.do(err)
		return exit
	}
	if got := <-wait(container.WaitConditionNotRunning); got.StatusCode != 0 {
		t.Errorf("of one that does not run: %+v", got)
	}
	next, removed := wait(container.WaitConditionNextExit), wait(container.WaitConditionRemoved)
	b.do(b.Start(t.Context(), "box", types.StartOptions{}))
	ends := wait(container.WaitConditionNotRunning)
	b.containerd.exit(id, 5)
	if n, e := <-next, <-ends; n.StatusCode != 5 || e.StatusCode != 5 {
		t.Errorf("%+v %+v", n, e)
	}
	b.do(b.Remove(t.Context(), "box", types.RemoveOptions{}))
	if got := <-removed; got.StatusCode != 5 || got.Error != nil {
		t.Errorf("removed: %+v", got)
	}
	if _, err := b.Wait(t.Context(), "box", ""); err == nil {
		t.Error("one that is gone can be waited for")
	}
}

// TestRemoveFails: what cannot be removed is dead, and can be removed again.
func TestRemoveFails(t *testing.T) {
	b := newBench(t)
	b.create("box")
	removed, err := b.Wait(t.Context(), "box", container.WaitConditionRemoved)
	b.do(err)
	b.images.fail = failing("release", errors.New("device or resource busy"))
	expectError(t, b.Remove(t.Context(), "box", types.RemoveOptions{}), http.StatusInternalServerError, "device or resource busy")
	b.expectState("box", "dead 0")
	if got := <-removed; got.Error == nil || got.Error.Message == "" {
		t.Errorf("wait: %+v", got)
	}
	expectError(t, b.Start(t.Context(), "box", types.StartOptions{}), conflict, "marked for removal")
	b.images.fail = nil
	b.do(b.Remove(t.Context(), "box", types.RemoveOptions{}))
	b.expectCounts("after", "0 0 0 0")
}

// TestOutOfMemory: containerd tells, and inspect shows it.
func TestOutOfMemory(t *testing.T) {
	b := newBench(t)
	id := b.run("box")
	b.containerd.events <- ctypes.TaskEvent{Kind: ctypes.TaskOOM, ID: id}
	eventually(t, "it is known", func() bool { return b.state("box").OOMKilled })
	b.containerd.exit(id, 137)
	b.awaitState("box", container.StateExited)
	if !b.state("box").OOMKilled {
		t.Error("the exit forgot it")
	}
	b.do(b.Start(t.Context(), "box", types.StartOptions{}))
	if b.state("box").OOMKilled {
		t.Error("the next run is not the one that ran out of memory")
	}
	b.containerd.events <- ctypes.TaskEvent{Kind: ctypes.TaskOOM, ID: "of-nobody"}
}

// TestShutdown: all are stopped, and those that always run are so with the next
// daemon.
func TestShutdown(t *testing.T) {
	b := newBench(t)
	b.containerd.ignored = []syscall.Signal{syscall.SIGTERM}
	for _, name := range []string{"no", "always", "unless-stopped"} {
		b.run(name, policy(container.RestartPolicyMode(name), 0), impatient)
	}
	b.run("stopped", policy("unless-stopped", 0))
	b.do(b.Stop(t.Context(), "stopped", now()))
	b.run("paused", impatient)
	b.do(b.Pause(t.Context(), "paused"))
	b.run("rm", autoRemove, impatient)
	rm, err := b.Wait(t.Context(), "rm", container.WaitConditionRemoved)
	b.do(err)

	b.Shutdown(context.WithoutCancel(t.Context()))
	if n := len(b.containerd.running()); n > 0 {
		t.Errorf("%d tasks go on", n)
	}
	if got := <-rm; got.StatusCode != 137 {
		t.Errorf("run --rm ended with %d", got.StatusCode)
	}
	expectError(t, b.Start(t.Context(), "no", types.StartOptions{}), http.StatusServiceUnavailable, "stopping")

	b.start()
	for name, want := range map[string]container.ContainerState{
		"no": container.StateExited, "always": container.StateRunning, "unless-stopped": container.StateRunning,
		"stopped": container.StateExited, "paused": container.StateExited,
	} {
		if got := b.state(name).Status; got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	b.expectCounts("after", "5 2 0 3")
}

func impatient(r *types.CreateRequest) { r.StopTimeout = new(int) }

func TestStopTime(t *testing.T) {
	b := newBench(t)
	expect := func(when string, want time.Duration) {
		t.Helper()
		if got := b.StopTime(); got != want {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	timeout := func(seconds int) func(*types.CreateRequest) {
		return func(r *types.CreateRequest) { r.StopTimeout = &seconds }
	}
	expect("empty", 15*time.Second)
	b.create("idle", timeout(300))
	expect("none runs", 15*time.Second)
	b.run("patient", timeout(60))
	b.run("quick", timeout(1))
	expect("a patient one", 65*time.Second)
	b.run("endless", timeout(-1))
	b.run("after", timeout(2))
	expect("an endless one", 10*time.Minute+5*time.Second)
	b.LiveRestore = true
	expect("nothing is stopped", 15*time.Second)
}

// TestKillWhileStarting: a process may say that it is ready before its start is
// written down, and whoever hears that may kill it at once.
func TestKillWhileStarting(t *testing.T) {
	b := newBench(t)
	b.create("box")
	killed := make(chan error, 1)
	b.containerd.born = func(string, *fakeTask) {
		go func() { killed <- b.Kill(t.Context(), "box", "TERM") }()
		time.Sleep(50 * time.Millisecond)
	}
	b.do(b.Start(t.Context(), "box", types.StartOptions{}))
	b.do(<-killed)
	b.awaitState("box", container.StateExited)
	b.expectState("box", "exited 143")
}

// TestOOMAtStart: memory that runs out before a start is written down is told.
func TestOOMAtStart(t *testing.T) {
	b := newBench(t)
	id := b.create("box")
	b.containerd.born = func(id string, _ *fakeTask) {
		// The two meet in containerd's events while start still waits.
		for _, of := range []string{id, "of-nobody", "of-nobody"} {
			b.containerd.events <- ctypes.TaskEvent{Kind: ctypes.TaskOOM, ID: of}
		}
		eventually(t, "it is told", func() bool { return len(b.containerd.events) == 0 })
	}
	b.do(b.Start(t.Context(), "box", types.StartOptions{}))
	if !b.state("box").OOMKilled {
		t.Error("that memory ran out is forgotten")
	}
	b.containerd.born = nil
	b.do(b.Kill(t.Context(), id, ""))
	b.awaitState("box", container.StateExited)
	b.do(b.Start(t.Context(), "box", types.StartOptions{}))
	if b.state("box").OOMKilled {
		t.Error("that it ran out in a former run is still told")
	}
}
