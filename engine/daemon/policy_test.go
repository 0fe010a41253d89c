package daemon

import (
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
)

func policy(name container.RestartPolicyMode, most int) func(*types.CreateRequest) {
	return func(r *types.CreateRequest) {
		r.HostConfig.RestartPolicy = container.RestartPolicy{Name: name, MaximumRetryCount: most}
	}
}

// TestRestartPolicy counts how often a container is started that ends at once.
func TestRestartPolicy(t *testing.T) {
	for _, test := range []struct {
		name   string
		policy func(*types.CreateRequest)
		exits  []uint32 // of its runs; then it goes on
		starts int
		state  string
	}{
		{"no", policy("no", 0), []uint32{1}, 1, "exited 1"},
		{"none named", policy("", 0), []uint32{1}, 1, "exited 1"},
		{"always", policy("always", 0), []uint32{0, 1}, 3, "running 0"},
		{"unless-stopped", policy("unless-stopped", 0), []uint32{0, 1}, 3, "running 0"},
		{"on-failure succeeds", policy("on-failure", 0), []uint32{1, 1, 0}, 3, "exited 0"},
		{"on-failure gives up", policy("on-failure", 2), []uint32{1, 2, 3, 4}, 3, "exited 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			runs := 0
			b.containerd.born = func(id string, _ *fakeTask) {
				if runs++; runs <= len(test.exits) {
					status := test.exits[runs-1]
					time.AfterFunc(5*time.Millisecond, func() { b.containerd.exit(id, status) })
				}
			}
			b.run("box", test.policy)
			eventually(t, "it has been started often enough", func() bool { return b.containerd.count("start") == test.starts })
			eventually(t, "it is "+test.state, func() bool {
				s := b.state("box")
				return string(s.Status)+" "+string(rune('0'+s.ExitCode)) == test.state
			})
			c, err := b.Inspect(t.Context(), "box", false)
			b.do(err)
			if c.RestartCount != test.starts-1 {
				t.Errorf("restart count %d after %d starts", c.RestartCount, test.starts)
			}
		})
	}
}

// TestRestartPolicyYields: what a person ends stays so, whatever the policy.
func TestRestartPolicyYields(t *testing.T) {
	for name, end := range map[string]func(*bench) error{
		"stop": func(b *bench) error { return b.Stop(b.t.Context(), "box", now()) },
		"kill": func(b *bench) error { return b.Kill(b.t.Context(), "box", "") },
		"TERM": func(b *bench) error { return b.Kill(b.t.Context(), "box", "TERM") },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.run("box", policy("always", 0))
			b.do(end(b))
			b.awaitState("box", container.StateExited)
			time.Sleep(2 * firstDelay)
			if n := b.containerd.count("start"); n != 1 {
				t.Errorf("started %d times", n)
			}
		})
	}
	t.Run("while it waits", func(t *testing.T) {
		b := newBench(t)
		id := b.run("box", policy("always", 0))
		b.containerd.exit(id, 1)
		b.awaitState("box", container.StateRestarting)
		b.expectCounts("it waits", "1 1 0 0")
		expectError(t, b.Remove(t.Context(), "box", types.RemoveOptions{}), conflict, "container is restarting")
		b.do(b.Stop(t.Context(), "box", now()))
		b.expectState("box", "exited 1")
		time.Sleep(2 * firstDelay)
		b.expectState("box", "exited 1")
		b.do(b.Start(t.Context(), "box", types.StartOptions{}))
		if c, _ := b.Inspect(t.Context(), "box", false); c.RestartCount != 0 {
			t.Errorf("restart count %d after a start by hand", c.RestartCount)
		}
	})
	t.Run("remove while it waits", func(t *testing.T) {
		b := newBench(t)
		id := b.run("box", policy("always", 0))
		b.containerd.exit(id, 1)
		b.awaitState("box", container.StateRestarting)
		b.do(b.Remove(t.Context(), "box", types.RemoveOptions{Force: true}))
		time.Sleep(2 * firstDelay)
		b.expectCounts("after", "0 0 0 0")
		b.expectNothingLeft(id)
	})
	t.Run("a start that fails", func(t *testing.T) {
		b := newBench(t)
		id := b.run("box", policy("always", 0))
		b.containerd.mu.Lock()
		b.containerd.fail = failing("create", errNoProgram)
		b.containerd.mu.Unlock()
		b.containerd.exit(id, 1)
		b.awaitState("box", container.StateExited)
		b.expectState("box", "exited 127")
	})
}

type programError string

func (e programError) Error() string { return string(e) }

const errNoProgram = programError("executable file not found in $PATH")

func TestDelayDoubles(t *testing.T) {
	r := ours.Record{HostConfig: &types.HostConfig{}}
	r.HostConfig.RestartPolicy.Name = container.RestartPolicyAlways
	for i, test := range []struct{ ran, want time.Duration }{
		{0, firstDelay},
		{0, 2 * firstDelay},
		{time.Second, 4 * firstDelay},
		{longRun, firstDelay},
		{0, 2 * firstDelay},
	} {
		restart, wait := again(r, test.ran)
		if !restart || wait != test.want {
			t.Errorf("exit %d after %v: %t, %v, want %v", i, test.ran, restart, wait, test.want)
		}
		r.Delay = wait
	}
	r.Delay = lastDelay - 1
	if _, wait := again(r, 0); wait != lastDelay {
		t.Errorf("longest %v", wait)
	}
}
