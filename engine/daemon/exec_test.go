package daemon

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// wire is a client's connection whose client types nothing until it leaves.
type wire struct {
	mu     sync.Mutex
	got    bytes.Buffer
	closed chan struct{}
	once   sync.Once
}

func newWire() *wire { return &wire{closed: make(chan struct{})} }

func (w *wire) connect(types.StreamKind) (io.ReadWriteCloser, error) { return w, nil }

func (w *wire) Read([]byte) (int, error) { <-w.closed; return 0, io.EOF }

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.got.Write(p)
}

func (w *wire) Close() error { w.once.Do(func() { close(w.closed) }); return nil }

// output is what came, without the frames.
func (w *wire) output(t *testing.T) string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, bytes.NewReader(w.got.Bytes())); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func (b *bench) execCreate(name string, r container.ExecCreateRequest) string {
	b.t.Helper()
	response, err := b.Execs.Create(b.t.Context(), name, r)
	b.do(err)
	return response.ID
}

func TestExec(t *testing.T) {
	b := newBench(t)
	b.containerd.real = true
	ctx := t.Context()
	id := b.run("box", func(r *types.CreateRequest) { r.Env = []string{"OF=container"} })
	exec := b.execCreate("box", container.ExecCreateRequest{
		Cmd: []string{"echo", "hi"}, AttachStdout: true, AttachStderr: true, Env: []string{"OF=exec"}, WorkingDir: "/there", User: "5:6",
	})
	b.containerd.born = func(_ string, p *fakeTask) {
		if p.process.Args[0] == "echo" {
			_, _ = p.stdout.WriteString("hi\n")
			time.AfterFunc(5*time.Millisecond, func() {
				b.containerd.mu.Lock()
				defer b.containerd.mu.Unlock()
				p.end(3)
			})
		}
	}
	w := newWire()
	b.do(b.Execs.Start(ctx, exec, types.ExecStartOptions{}, w.connect))
	if got := w.output(t); got != "hi\n" {
		t.Errorf("output %q", got)
	}
	i, err := b.Execs.Inspect(ctx, exec)
	b.do(err)
	if i.Running || i.ExitCode == nil || *i.ExitCode != 3 || i.ContainerID != id || i.ProcessConfig.Entrypoint != "echo" {
		t.Errorf("%+v", i)
	}
	expectError(t, b.Execs.Start(ctx, exec, types.ExecStartOptions{}, newWire().connect), conflict, "already run")
	expectError(t, b.Execs.Resize(ctx, exec, types.ResizeOptions{}), conflict, "is not running")

	// Detached: the request ends at once, the process goes on.
	exec = b.execCreate("box", container.ExecCreateRequest{Cmd: []string{"sleep"}})
	b.do(b.Execs.Start(ctx, exec, types.ExecStartOptions{Detach: true}, nil))
	if i, _ := b.Execs.Inspect(ctx, exec); !i.Running || i.Pid == 0 {
		t.Errorf("%+v", i)
	}
	if c, _ := b.Inspect(ctx, "box", false); len(c.ExecIDs) != 1 || c.ExecIDs[0] != exec {
		t.Errorf("exec IDs %q", c.ExecIDs)
	}
	p := b.containerd.tasks[id].execs[exec].process
	if p.Cwd != "/work" || p.User.UID != 0 || !strings.Contains(strings.Join(p.Env, " "), "OF=container") {
		t.Errorf("%+v", p)
	}
}

func TestExecRefuses(t *testing.T) {
	b := newBench(t)
	b.containerd.real = true
	ctx := t.Context()
	id := b.create("box")
	cmd := container.ExecCreateRequest{Cmd: []string{"true"}, AttachStdout: true}
	_, err := b.Execs.Create(ctx, "box", cmd)
	expectError(t, err, conflict, "container "+id+" is not running")
	_, err = b.Execs.Create(ctx, "nosuch", cmd)
	expectError(t, err, missing, "No such container: nosuch")
	b.do(b.Start(ctx, "box", types.StartOptions{}))
	_, err = b.Execs.Create(ctx, "box", container.ExecCreateRequest{})
	expectError(t, err, bad, "No exec command specified")
	_, err = b.Execs.Inspect(ctx, "nosuch")
	expectError(t, err, missing, "No such exec instance: nosuch")
	expectError(t, b.Execs.Start(ctx, "nosuch", types.ExecStartOptions{}, nil), missing, "No such exec instance: nosuch")

	exec := b.execCreate("box", cmd)
	b.do(b.Pause(ctx, "box"))
	_, err = b.Execs.Create(ctx, "box", cmd)
	expectError(t, err, conflict, "is paused, unpause the container before exec")
	expectError(t, b.Execs.Start(ctx, exec, types.ExecStartOptions{}, nil), conflict, "is paused")
	b.do(b.Unpause(ctx, "box"))

	// A program that is not there: the client reads why, and asks for the code.
	b.containerd.fail = failing("start", errors.New(`exec: "true": executable file not found in $PATH`))
	w := newWire()
	b.do(b.Execs.Start(ctx, exec, types.ExecStartOptions{}, w.connect))
	if got := w.output(t); !strings.Contains(got, "executable file not found") {
		t.Errorf("output %q", got)
	}
	if i, _ := b.Execs.Inspect(ctx, exec); i.ExitCode == nil || *i.ExitCode != 127 {
		t.Errorf("%+v", i)
	}
	exec = b.execCreate("box", cmd)
	expectError(t, b.Execs.Start(ctx, exec, types.ExecStartOptions{Detach: true}, nil), bad, "OCI runtime exec failed")
}

// TestExecEndsWithContainer: nobody waits for ever for what its container took
// with it.
func TestExecEndsWithContainer(t *testing.T) {
	b := newBench(t)
	b.containerd.real = true
	id := b.run("box")
	exec := b.execCreate("box", container.ExecCreateRequest{Cmd: []string{"sleep"}, AttachStdout: true})
	done := make(chan error, 1)
	w := newWire()
	go func() { done <- b.Execs.Start(t.Context(), exec, types.ExecStartOptions{}, w.connect) }()
	eventually(t, "it runs", func() bool { i, err := b.Execs.Inspect(t.Context(), exec); return err == nil && i.Running })
	b.containerd.mu.Lock()
	b.containerd.tasks[id].execs[exec].end(137)
	b.containerd.tasks[id].end(137)
	b.containerd.mu.Unlock()
	b.do(<-done)
	b.awaitState("box", container.StateExited)
	eventually(t, "its end is known", func() bool { i, err := b.Execs.Inspect(t.Context(), exec); return err == nil && i.ExitCode != nil })
	b.expectNothingLeft(id)
}

// TestAttachBeforeStart: who attaches to what is about to start misses nothing.
func TestAttachBeforeStart(t *testing.T) {
	b := newBench(t)
	id := b.create("box")
	w := newWire()
	attached := make(chan error, 1)
	connected := make(chan struct{})
	go func() {
		attached <- b.Attach(t.Context(), "box", types.AttachOptions{Stream: true, Stdout: true, Stderr: true}, func(k types.StreamKind) (io.ReadWriteCloser, error) {
			defer close(connected)
			return w.connect(k)
		})
	}()
	<-connected
	b.containerd.born = func(id string, p *fakeTask) {
		_, _ = p.stdout.WriteString("first\n")
		time.AfterFunc(5*time.Millisecond, func() { b.containerd.exit(id, 0) })
	}
	b.do(b.Start(t.Context(), "box", types.StartOptions{}))
	b.do(<-attached)
	if got := w.output(t); got != "first\n" {
		t.Errorf("output %q", got)
	}
	b.awaitState("box", container.StateExited)
	b.expectNothingLeft(id)
}

// TestAttachedStartFails: the client is let go, whatever step failed.
func TestAttachedStartFails(t *testing.T) {
	for _, step := range []string{"network", "create"} {
		t.Run(step, func(t *testing.T) {
			b := newBench(t)
			b.create("box")
			b.containerd.fail = failing(step, errors.New("no"))
			if step == "network" {
				b.network.fail = errors.New("no")
			}
			w, connected, attached := newWire(), make(chan struct{}), make(chan error, 1)
			go func() {
				attached <- b.Attach(t.Context(), "box", types.AttachOptions{Stream: true, Stdout: true}, func(k types.StreamKind) (io.ReadWriteCloser, error) {
					defer close(connected)
					return w.connect(k)
				})
			}()
			<-connected
			if err := b.Start(t.Context(), "box", types.StartOptions{}); err == nil {
				t.Error("no error")
			}
			select {
			case <-attached:
			case <-time.After(10 * time.Second):
				t.Error("the client still waits")
			}
		})
	}
}

func TestAttachRefuses(t *testing.T) {
	b := newBench(t)
	b.run("box")
	b.do(b.Pause(t.Context(), "box"))
	o := types.AttachOptions{Stream: true, Stdout: true}
	expectError(t, b.Attach(t.Context(), "box", o, nil), conflict, "container box is paused, unpause the container before attach")
	expectError(t, b.Attach(t.Context(), "nosuch", o, nil), missing, "No such container: nosuch")
	b.do(b.Unpause(t.Context(), "box"))
	o.DetachKeys = "ctrl-nosuch"
	expectError(t, b.Attach(t.Context(), "box", o, nil), bad, "nvalid detach keys (ctrl-nosuch) provided")
}

// TestExecFrames: a client that says at the start what it will read gets that,
// whatever kind of process was asked for before.
func TestExecFrames(t *testing.T) {
	for _, test := range []struct {
		name        string
		create, now bool // a terminal
		want        types.StreamKind
	}{
		{"terminal and terminal", true, true, types.Raw},
		{"terminal and frames", true, false, types.Multiplexed},
		{"frames and terminal", false, true, types.Raw},
		{"frames and frames", false, false, types.Multiplexed},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.containerd.real = true
			b.run("box")
			exec := b.execCreate("box", container.ExecCreateRequest{Cmd: []string{"x"}, AttachStdout: true, Tty: test.create})
			b.containerd.born = func(_ string, p *fakeTask) {
				if p.process.Terminal != test.create {
					t.Errorf("the process has terminal %t", p.process.Terminal)
				}
				time.AfterFunc(time.Millisecond, func() {
					b.containerd.mu.Lock()
					defer b.containerd.mu.Unlock()
					p.end(0)
				})
			}
			w, got := newWire(), types.StreamKind(-1)
			connect := func(k types.StreamKind) (io.ReadWriteCloser, error) { got = k; return w.connect(k) }
			b.do(b.Execs.Start(t.Context(), exec, types.ExecStartOptions{Tty: test.now}, connect))
			if got != test.want {
				t.Errorf("kind %v, want %v", got, test.want)
			}
		})
	}
}

// TestEndedExecs: of many that have ended the latest can be asked how.
func TestEndedExecs(t *testing.T) {
	b := newBench(t)
	b.run("box")
	var ids []string
	for i := range keptExecs + 3 {
		id := b.execCreate("box", container.ExecCreateRequest{Cmd: []string{"true"}})
		ids = append(ids, id)
		e, err := b.Execs.find(id)
		b.do(err)
		b.do(e.claim())
		b.Execs.finish(e, i%7)
		b.Execs.finish(e, i%7) // counts once
	}
	never := b.execCreate("box", container.ExecCreateRequest{Cmd: []string{"true"}})
	for i, id := range ids {
		got, err := b.Execs.Inspect(t.Context(), id)
		if i < 3 {
			expectError(t, err, http.StatusNotFound, "No such exec instance")
			continue
		}
		b.do(err)
		if got.ExitCode == nil || *got.ExitCode != i%7 {
			t.Errorf("exec %d: exit code %v", i, got.ExitCode)
		}
	}
	b.do(b.Kill(t.Context(), "box", ""))
	b.awaitState("box", container.StateExited)
	_, err := b.Execs.Inspect(t.Context(), never)
	expectError(t, err, http.StatusNotFound, "No such exec instance")
	if _, err := b.Execs.Inspect(t.Context(), ids[len(ids)-1]); err != nil {
		t.Errorf("after the container's end: %v", err)
	}
}
