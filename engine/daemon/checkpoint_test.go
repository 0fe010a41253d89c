package daemon

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/moby/api/types/checkpoint"
	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func TestCheckpoint(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	id := b.run("box", policy("always", 0))
	b.do(b.Checkpoints.Create(ctx, "box", checkpoint.CreateRequest{CheckpointID: "one"}))
	b.expectState("box", "running 0")
	own := filepath.Join(b.config.Root, "containers", id, "checkpoints")
	if got := b.containerd.dumps[0]; got.Dir != filepath.Join(own, "one") || got.Exit {
		t.Errorf("%+v", got)
	}
	other := t.TempDir()
	b.do(b.Checkpoints.Create(ctx, "box", checkpoint.CreateRequest{CheckpointID: "two", CheckpointDir: other, Exit: true}))
	b.awaitState("box", container.StateExited) // and no policy starts it again
	if got := b.containerd.dumps[1]; got.Dir != filepath.Join(other, "two") || !got.Exit {
		t.Errorf("%+v", got)
	}
	names := func(dir string) string {
		t.Helper()
		list, err := b.Checkpoints.List(ctx, "box", types.CheckpointOptions{Dir: dir})
		b.do(err)
		all := ""
		for _, c := range list {
			all += c.Name + " "
		}
		return all
	}
	if own, theirs := names(""), names(other); own != "one " || theirs != "two " {
		t.Errorf("%q %q", own, theirs)
	}

	b.do(b.Start(ctx, "box", types.StartOptions{Checkpoint: "two", CheckpointDir: other}))
	if got := b.containerd.created[1].Checkpoint; got != filepath.Join(other, "two") {
		t.Errorf("started from %q", got)
	}
	b.expectState("box", "running 0")
	b.do(b.Checkpoints.Remove(ctx, "box", "one", types.CheckpointOptions{}))
	if names("") != "" {
		t.Error("it is left")
	}
}

func TestCheckpointRefuses(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	id := b.create("box")
	create := func(r checkpoint.CreateRequest) error { return b.Checkpoints.Create(ctx, "box", r) }
	expectError(t, create(checkpoint.CreateRequest{CheckpointID: "one"}), conflict, "Container box not running")
	b.do(b.Start(ctx, "box", types.StartOptions{}))
	for _, name := range []string{"", "a/b", "..", "../../x", "-x"} {
		expectError(t, create(checkpoint.CreateRequest{CheckpointID: name}), bad, "nvalid checkpoint ID")
		expectError(t, b.Checkpoints.Remove(ctx, "box", name, types.CheckpointOptions{}), bad, "nvalid checkpoint ID")
	}
	expectError(t, create(checkpoint.CreateRequest{CheckpointID: "one", CheckpointDir: "a"}), bad, "is not an absolute path")
	b.do(create(checkpoint.CreateRequest{CheckpointID: "one"}))
	expectError(t, create(checkpoint.CreateRequest{CheckpointID: "one"}), conflict, "checkpoint with name one already exists for container box")
	expectError(t, b.Checkpoints.Remove(ctx, "box", "nosuch", types.CheckpointOptions{}), missing, "checkpoint nosuch does not exist for container box")

	b.containerd.fail = failing("checkpoint", errors.New("criu is not installed"))
	expectError(t, create(checkpoint.CreateRequest{CheckpointID: "two"}), http.StatusInternalServerError, "criu is not installed")
	if _, err := os.Stat(filepath.Join(b.config.Root, "containers", id, "checkpoints", "two")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder is left: %v", err)
	}
	b.do(b.Kill(ctx, "box", ""))
	expectError(t, b.Start(ctx, "box", types.StartOptions{Checkpoint: "nosuch"}), missing, "checkpoint nosuch does not exist for container box")
	b.expectState("box", "exited 137")
}

// TestCheckpointFailsWithExit: a container that could not be dumped goes on, and
// its restart policy with it.
func TestCheckpointFailsWithExit(t *testing.T) {
	b := newBench(t)
	id := b.run("box", policy("always", 0))
	b.containerd.fail = failing("checkpoint", errors.New("criu is not installed"))
	if err := b.Checkpoints.Create(t.Context(), "box", checkpoint.CreateRequest{CheckpointID: "one", Exit: true}); err == nil {
		t.Error("no error")
	}
	b.containerd.exit(id, 1)
	eventually(t, "it is started again", func() bool { return b.containerd.count("start") == 2 })
}

// TestStopDuringDump: a dump that hangs keeps nobody from ending the container.
func TestStopDuringDump(t *testing.T) {
	for name, end := range map[string]func(*bench) error{
		"stop":    func(b *bench) error { return b.Stop(b.t.Context(), "box", types.StopOptions{}) },
		"restart": func(b *bench) error { return b.Restart(b.t.Context(), "box", types.StopOptions{}) },
		"kill":    func(b *bench) error { return b.Kill(b.t.Context(), "box", "") },
		"rm":      func(b *bench) error { return b.Remove(b.t.Context(), "box", types.RemoveOptions{Force: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			id := b.run("box")
			b.containerd.hangs = true
			ctx, cancel := context.WithCancel(t.Context())
			dumped := make(chan error, 1)
			go func() {
				dumped <- b.Checkpoints.Create(ctx, "box", checkpoint.CreateRequest{CheckpointID: "one", Exit: true})
			}()
			eventually(t, "it is being dumped", func() bool { return b.containerd.count("checkpoint") == 1 })
			ended := make(chan error, 1)
			go func() { ended <- end(b) }()
			select {
			case err := <-ended:
				b.do(err)
			case <-time.After(10 * time.Second):
				t.Error("it waits for the dump")
			}
			cancel() // a kill leaves the dump to containerd
			if err := <-dumped; err == nil {
				t.Error("the dump was called off and is told to be done")
			}
			if _, err := os.Stat(filepath.Join(b.config.Root, "containers", id, "checkpoints", "one")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a folder is left: %v", err)
			}
		})
	}
}

// TestDiscardBeforeRestore: a task that has no process yet is removed without
// waiting for its end, which never comes.
func TestDiscardBeforeRestore(t *testing.T) {
	b := newBench(t)
	id := b.run("box")
	b.do(b.Checkpoints.Create(t.Context(), "box", checkpoint.CreateRequest{CheckpointID: "one", Exit: true}))
	b.awaitState("box", container.StateExited)
	b.containerd.fail = func(call string) error {
		switch call {
		case "start " + id:
			return errors.New("criu failed")
		case "kill " + id:
			return errdefs.NotFound("container does not exist")
		}
		return nil
	}
	began := time.Now()
	if err := b.Start(t.Context(), "box", types.StartOptions{Checkpoint: "one"}); err == nil {
		t.Error("no error")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	b.expectNothingLeft(id)
}
