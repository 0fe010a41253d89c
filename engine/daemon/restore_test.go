package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	ctypes "github.com/callroute/callroute/engine/containerd/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
)

// TestRestore lets a daemon die over containers in every state, and looks at
// what the next one makes of them.
func TestRestore(t *testing.T) {
	b := newBench(t)
	ids := map[string]string{}
	for _, name := range []string{"running", "paused", "ended", "vanished", "rm-ended", "rm-vanished", "again", "limited", "failing", "spent"} {
		var change []func(*types.CreateRequest)
		switch {
		case strings.HasPrefix(name, "rm-"):
			change = append(change, autoRemove)
		case name == "again":
			change = append(change, policy("always", 0))
		case name == "limited":
			change = append(change, policy("on-failure", 1))
		case name == "failing" || name == "spent":
			change = append(change, policy("on-failure", 2))
		}
		ids[name] = b.run(name, change...)
	}
	b.create("created")
	ids["exited"] = b.run("exited")
	b.containerd.exit(ids["exited"], 3)
	b.awaitState("exited", container.StateExited)
	b.do(b.Pause(t.Context(), "paused"))
	b.expectCounts("before", "12 9 1 2")
	pid, started := b.state("running").Pid, b.state("running").StartedAt

	c, err := b.containers.Get("spent")
	b.do(err)
	b.do(c.Set(func(r *ours.Record) { r.Restarts = 2 }))

	b.crash()
	for _, name := range []string{"ended", "rm-ended", "again", "limited"} {
		b.containerd.exit(ids[name], 4)
	}
	for _, name := range []string{"vanished", "rm-vanished", "failing", "spent"} {
		b.containerd.exit(ids[name], 0)
		delete(b.containerd.tasks, ids[name])
	}
	b.start()

	for name, want := range map[string]string{
		"running": "running 0", "paused": "paused 0", "ended": "exited 4", "vanished": "exited 255", "created": "created 0", "exited": "exited 3",
	} {
		b.expectState(name, want)
	}
	b.awaitGone("rm-ended")
	b.awaitGone("rm-vanished")
	b.awaitState("again", container.StateRunning)
	b.awaitState("limited", container.StateRunning)
	b.awaitState("failing", container.StateRunning)
	b.expectState("spent", "exited 255")
	b.expectCounts("after", "10 4 1 5")
	if s := b.state("running"); s.Pid != pid || s.StartedAt != started {
		t.Errorf("another run: %d since %s, was %d since %s", s.Pid, s.StartedAt, pid, started)
	}
	if got, want := b.network.live, []string{ids["running"], ids["paused"]}; !sameSet(got, want) {
		t.Errorf("networks of %v were kept, want %v", got, want)
	}
	for _, name := range []string{"ended", "vanished", "rm-ended", "rm-vanished", "exited"} {
		b.expectNothingLeft(ids[name])
	}

	// They go on as if nothing had happened.
	b.do(b.Unpause(t.Context(), "paused"))
	b.containerd.exit(ids["running"], 7)
	b.awaitState("running", container.StateExited)
	b.expectState("running", "exited 7")
	b.do(b.Kill(t.Context(), "paused", ""))
	b.expectState("paused", "exited 137")
	b.expectCounts("at the end", "10 3 0 7")
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// TestRestoredOutput: what a container writes while no daemon is there is in its
// log.
func TestRestoredOutput(t *testing.T) {
	b := newBench(t)
	id := b.run("box")
	say := func(text string) {
		t.Helper()
		if _, err := b.containerd.tasks[id].stdout.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	say("before\n")
	logged := func() string {
		text, err := os.ReadFile(filepath.Join(b.config.Root, "containers", id, id+"-json.log"))
		b.do(err)
		return string(text)
	}
	eventually(t, "it is logged", func() bool { return strings.Contains(logged(), "before") })
	b.crash()
	say("meanwhile\n")
	b.start()
	say("after\n")
	b.containerd.exit(id, 0)
	b.awaitState("box", container.StateExited)
	for _, want := range []string{"before", "meanwhile", "after"} {
		if strings.Count(logged(), want) != 1 {
			t.Errorf("%q is not in the log once:\n%s", want, logged())
		}
	}
}

// TestCrashAtStart lets a daemon die between two steps of a start.
func TestCrashAtStart(t *testing.T) {
	t.Run("created and not started", func(t *testing.T) {
		b := newBench(t)
		id := b.create("box")
		_, err := b.containerd.Create(t.Context(), id, ctypes.CreateOptions{Spec: emptySpec()})
		b.do(err)
		b.crash()
		b.start()
		b.expectState("box", "created 0")
		b.expectNothingLeft(id)
		b.do(b.Start(t.Context(), "box", types.StartOptions{}))
	})
	t.Run("started and not written down", func(t *testing.T) {
		b := newBench(t)
		id := b.run("box")
		c, err := b.containers.Get(id)
		b.do(err)
		b.do(c.Set(func(r *ours.Record) { r.State = ours.State{Status: container.StateCreated} }))
		b.crash()
		b.start()
		b.expectState("box", "running 0")
		b.expectCounts("after", "1 1 0 0")
		if at, err := time.Parse(time.RFC3339Nano, b.state("box").StartedAt); err != nil || time.Since(at) > time.Minute {
			t.Errorf("started at %v", at)
		}
	})
	t.Run("while its policy waits", func(t *testing.T) {
		b := newBench(t)
		id := b.run("box", policy("on-failure", 5))
		b.containerd.exit(id, 1)
		b.awaitState("box", container.StateRestarting)
		b.crash()
		b.start()
		b.awaitState("box", container.StateRunning)
	})
	t.Run("the fifos are gone", func(t *testing.T) { // with /run
		b := newBench(t)
		id := b.run("box")
		b.crash()
		b.do(os.RemoveAll(b.config.ExecRoot))
		b.start()
		b.expectState("box", "running 0")
		b.containerd.exit(id, 6)
		b.awaitState("box", container.StateExited)
		b.expectState("box", "exited 6")
	})
}

// TestCrashLeftovers: what no container owns is removed.
func TestCrashLeftovers(t *testing.T) {
	b := newBench(t)
	id := b.run("box")
	b.crash()
	containers := filepath.Join(b.config.Root, "containers")
	half := strings.Repeat("a", 64)
	b.do(os.Mkdir(filepath.Join(containers, half), 0o700)) // Create was killed
	b.images.prepared[half] = true
	stranger := strings.Repeat("c", 64) // and so was Remove
	b.containerd.tasks[stranger] = &fakeTask{status: ctypes.StatusRunning, ended: make(chan struct{})}
	for _, dir := range []string{filepath.Join("io", stranger), filepath.Join("mnt", "abc-1")} {
		b.do(os.MkdirAll(filepath.Join(b.config.ExecRoot, dir), 0o700))
	}
	broken := filepath.Join(containers, strings.Repeat("d", 64))
	b.do(os.Mkdir(broken, 0o700))
	b.do(os.WriteFile(filepath.Join(broken, "container.json"), []byte("{"), 0o600))
	b.start()

	if b.images.prepared[half] {
		t.Error("the file system of a container that was never finished is left")
	}
	for _, gone := range []string{filepath.Join(containers, half), filepath.Join(b.config.ExecRoot, "io", stranger), filepath.Join(b.config.ExecRoot, "mnt")} {
		if _, err := os.Stat(gone); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", gone, err)
		}
	}
	if got := b.containerd.running(); !slices.Equal(got, []string{id}) {
		t.Errorf("tasks %v", got)
	}
	if _, err := os.Stat(filepath.Join(b.config.ExecRoot, "io", id)); err != nil {
		t.Errorf("the fifos of one that runs: %v", err)
	}
	if _, err := os.Stat(broken); err != nil {
		t.Errorf("a record that cannot be read must be left to a person: %v", err)
	}
	b.expectCounts("after", "1 1 0 0")
}

// TestRemovalIsFinished: a removal that a crash interrupted is done at start-up.
func TestRemovalIsFinished(t *testing.T) {
	b := newBench(t)
	id := b.create("box")
	c, err := b.containers.Get("box")
	b.do(err)
	b.do(c.Set(func(r *ours.Record) { r.State.Status = container.StateRemoving }))
	b.crash()
	b.start()
	b.expectCounts("after", "0 0 0 0")
	if b.images.prepared[id] {
		t.Error("its file system is left")
	}
	b.create("box") // the name is free
}

// TestContainerdIsAway: a daemon that cannot ask containerd does not start.
func TestContainerdIsAway(t *testing.T) {
	b := newBench(t)
	b.crash()
	b.containerd.fail = failing("list", errors.New("connection refused"))
	d, err := New(b.Config)
	b.do(err)
	if err := d.Restore(t.Context()); err == nil {
		t.Error("no error")
	}
}
