package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	cgroup1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	taskv2 "github.com/containerd/containerd/api/runtime/task/v2"
	task "github.com/containerd/containerd/api/runtime/task/v3"
	apitypes "github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/api/types/runc/options"
	api "github.com/containerd/containerd/api/types/task"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/containerd/ttrpc"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/anypb"

	ctypes "github.com/callroute/callroute/engine/containerd/types"
	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/types"
)

// core records what the server asks and answers with err.
type core struct {
	asked string
	err   error
	ended bool // the context of the last call was that of a caller that is gone
}

func (c *core) ask(ctx context.Context, format string, args ...any) error {
	c.asked = fmt.Sprintf(format, args...)
	c.ended = ctx.Done() != nil
	return c.err
}

func (c *core) Create(ctx context.Context, r types.Create) (int, error) {
	return 7, c.ask(ctx, "create %s %s %v %v %s %s", r.ID, r.Bundle, r.Rootfs, r.IO, r.Checkpoint, r.Options.GetBinaryName())
}

func (c *core) Start(ctx context.Context, id, execID string) (int, error) {
	return 8, c.ask(ctx, "start %s %s", id, execID)
}

func (c *core) Exec(ctx context.Context, id string, r types.Exec) error {
	return c.ask(ctx, "exec %s %s %v %v", id, r.ExecID, r.Process.Args, r.IO)
}

func (c *core) Kill(ctx context.Context, id, execID string, signal int, scope types.KillScope) error {
	return c.ask(ctx, "kill %s %s %d %v", id, execID, signal, scope)
}
func (c *core) Pause(ctx context.Context, id string) error  { return c.ask(ctx, "pause %s", id) }
func (c *core) Resume(ctx context.Context, id string) error { return c.ask(ctx, "resume %s", id) }

func (c *core) Update(ctx context.Context, id string, r *ctypes.Resources) error {
	return c.ask(ctx, "update %s %d %s", id, *r.Memory.Limit, r.IntelRdt.L3CacheSchema)
}

func (c *core) Checkpoint(ctx context.Context, id string, r types.Checkpoint) error {
	return c.ask(ctx, "checkpoint %s %s %v", id, r.Dir, r.Options.Exit)
}

func (c *core) ResizePty(ctx context.Context, id, execID string, width, height uint16) error {
	return c.ask(ctx, "resize %s %s %dx%d", id, execID, width, height)
}

func (c *core) CloseIO(ctx context.Context, id, execID string) error {
	return c.ask(ctx, "closeio %s %s", id, execID)
}

func (c *core) Pids(ctx context.Context, id string) ([]types.Process, error) {
	return []types.Process{{Pid: 1}, {Pid: 2, ExecID: "e"}}, c.ask(ctx, "pids %s", id)
}

func (c *core) Stats(ctx context.Context, id string) (any, error) {
	return &cgroup1.Metrics{Pids: &cgroup1.PidsStat{Current: 3}}, c.ask(ctx, "stats %s", id)
}

func (c *core) State(ctx context.Context, id, execID string) (types.State, error) {
	return types.State{ID: id, ExecID: execID, Status: types.StatusPaused, Pid: 9}, c.ask(ctx, "state %s %s", id, execID)
}

func (c *core) Wait(ctx context.Context, id, execID string) (types.Exit, error) {
	return types.Exit{Status: 4, At: time.Unix(5, 0)}, c.ask(ctx, "wait %s %s", id, execID)
}

func (c *core) Delete(ctx context.Context, id, execID string) (types.Exit, error) {
	return types.Exit{Pid: 6, Status: 5}, c.ask(ctx, "delete %s %s", id, execID)
}

func (c *core) Connect(ctx context.Context, id string) (shimPid, taskPid int) {
	_ = c.ask(ctx, "connect %s", id)
	return 10, 11
}
func (c *core) Shutdown(ctx context.Context) error { return c.ask(ctx, "shutdown") }

// dial serves a core and connects to it.
func dial(t *testing.T, c *core) *ttrpc.Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv, err := ttrpc.NewServer()
	if err != nil {
		t.Fatal(err)
	}
	Register(srv, c)
	go func() { _ = srv.Serve(context.Background(), listener) }()
	t.Cleanup(func() { srv.Close() })
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	client := ttrpc.NewClient(conn)
	t.Cleanup(func() { client.Close() })
	return client
}

// TestMethods finds every method of the service in the table.
func TestMethods(t *testing.T) {
	table := methods(&service{})
	var want []string
	for m := range reflect.TypeFor[task.TTRPCTaskService]().Methods() {
		want = append(want, m.Name)
		if table[m.Name] == nil {
			t.Errorf("method %s is not served", m.Name)
		}
	}
	if len(table) != len(want) {
		t.Errorf("%d methods are served, want %d", len(table), len(want))
	}
}

// TestRequests asks every method in version 3 of the API.
func TestRequests(t *testing.T) {
	c := &core{}
	s := task.NewTTRPCTaskClient(dial(t, c))
	ctx := t.Context()
	opts := must(typeurl.MarshalAnyToProto(&options.Options{BinaryName: "b"}))(t)
	ckOpts := must(typeurl.MarshalAnyToProto(&options.CheckpointOptions{Exit: true}))(t)
	body := func(s string) *anypb.Any { return &anypb.Any{TypeUrl: ctypes.ResourcesURL, Value: []byte(s)} }
	for _, test := range []struct {
		call func() (any, error)
		want string
	}{
		{func() (any, error) {
			return s.Create(ctx, &task.CreateTaskRequest{
				ID: "c", Bundle: "/b", Stdout: "/o", Terminal: true, Checkpoint: "/k", Options: opts,
				Rootfs: []*apitypes.Mount{{Type: "bind", Source: "/s", Options: []string{"rw"}}},
			})
		}, "create c /b [{bind /s  [rw]}] { /o  true} /k b"},
		{func() (any, error) { return s.Create(ctx, &task.CreateTaskRequest{ID: "c"}) }, "create c  [] {   false}  "},
		{func() (any, error) { return s.Start(ctx, &task.StartRequest{ID: "c", ExecID: "e"}) }, "start c e"},
		{func() (any, error) {
			return s.Exec(ctx, &task.ExecProcessRequest{ID: "c", ExecID: "e", Stdin: "/i", Spec: body(`{"args":["a"]}`)})
		}, "exec c e [a] {/i   false}"},
		{func() (any, error) { return s.Kill(ctx, &task.KillRequest{ID: "c", Signal: 9, All: true}) }, "kill c  9 true"},
		{func() (any, error) { return s.Pause(ctx, &task.PauseRequest{ID: "c"}) }, "pause c"},
		{func() (any, error) { return s.Resume(ctx, &task.ResumeRequest{ID: "c"}) }, "resume c"},
		{func() (any, error) {
			return s.Update(ctx, &task.UpdateTaskRequest{ID: "c", Resources: body(`{"memory":{"limit":5},"intelRdt":{"l3CacheSchema":"L3"}}`)})
		}, "update c 5 L3"},
		{func() (any, error) {
			return s.Checkpoint(ctx, &task.CheckpointTaskRequest{ID: "c", Path: "/k", Options: ckOpts})
		}, "checkpoint c /k true"},
		{func() (any, error) { return s.Checkpoint(ctx, &task.CheckpointTaskRequest{ID: "c", Path: "/k"}) }, "checkpoint c /k false"},
		{func() (any, error) {
			return s.ResizePty(ctx, &task.ResizePtyRequest{ID: "c", ExecID: "e", Width: 2, Height: 3})
		}, "resize c e 2x3"},
		{func() (any, error) { return s.CloseIO(ctx, &task.CloseIORequest{ID: "c", ExecID: "e", Stdin: true}) }, "closeio c e"},
		{func() (any, error) { return s.CloseIO(ctx, &task.CloseIORequest{ID: "c", ExecID: "e"}) }, ""},
		{func() (any, error) { return s.Pids(ctx, &task.PidsRequest{ID: "c"}) }, "pids c"},
		{func() (any, error) { return s.Stats(ctx, &task.StatsRequest{ID: "c"}) }, "stats c"},
		{func() (any, error) { return s.State(ctx, &task.StateRequest{ID: "c", ExecID: "e"}) }, "state c e"},
		{func() (any, error) { return s.Wait(ctx, &task.WaitRequest{ID: "c"}) }, "wait c "},
		{func() (any, error) { return s.Delete(ctx, &task.DeleteRequest{ID: "c"}) }, "delete c "},
		{func() (any, error) { return s.Connect(ctx, &task.ConnectRequest{ID: "c"}) }, "connect c"},
		{func() (any, error) { return s.Shutdown(ctx, &task.ShutdownRequest{ID: "c"}) }, "shutdown"},
	} {
		c.asked = ""
		if _, err := test.call(); err != nil || c.asked != test.want {
			t.Errorf("asked %q, %v; want %q", c.asked, err, test.want)
		}
		if waits := test.want == "wait c "; test.want != "" && c.ended != waits {
			t.Errorf("%s: cut off with its caller: %v, want %v", test.want, c.ended, waits)
		}
	}
}

func TestAnswers(t *testing.T) {
	s := task.NewTTRPCTaskClient(dial(t, &core{}))
	ctx := t.Context()
	if r := must(s.Create(ctx, &task.CreateTaskRequest{}))(t); r.Pid != 7 {
		t.Errorf("create: %v", r)
	}
	if r := must(s.Connect(ctx, &task.ConnectRequest{}))(t); r.ShimPid != 10 || r.TaskPid != 11 {
		t.Errorf("connect: %v", r)
	}
	if r := must(s.State(ctx, &task.StateRequest{ID: "c", ExecID: "e"}))(t); r.ID != "e" || r.Status != api.Status_PAUSED || r.Pid != 9 || r.ExitedAt != nil {
		t.Errorf("state: %v", r)
	}
	if r := must(s.Wait(ctx, &task.WaitRequest{}))(t); r.ExitStatus != 4 || r.ExitedAt.Seconds != 5 {
		t.Errorf("wait: %v", r)
	}
	if r := must(s.Delete(ctx, &task.DeleteRequest{}))(t); r.ExitStatus != 5 || r.Pid != 6 {
		t.Errorf("delete: %v", r)
	}
	pids := must(s.Pids(ctx, &task.PidsRequest{}))(t).Processes
	if len(pids) != 2 || pids[0].Info != nil {
		t.Fatalf("pids: %v", pids)
	}
	if details := must(typeurl.UnmarshalAny(pids[1].Info))(t).(*options.ProcessDetails); details.ExecID != "e" {
		t.Errorf("pids: %v", details)
	}
	stats := must(s.Stats(ctx, &task.StatsRequest{}))(t).Stats
	if metrics := must(typeurl.UnmarshalAny(stats))(t).(*cgroup1.Metrics); metrics.Pids.Current != 3 {
		t.Errorf("stats: %v", metrics)
	}
}

// TestVersion2 asks under the service's old name.
func TestVersion2(t *testing.T) {
	c := &core{}
	s := taskv2.NewTTRPCTaskClient(dial(t, c))
	r, err := s.Start(t.Context(), &taskv2.StartRequest{ID: "c", ExecID: "e"})
	if err != nil || r.Pid != 8 || c.asked != "start c e" {
		t.Errorf("start: %v, %v, asked %q", r, err, c.asked)
	}
}

func TestBadRequests(t *testing.T) {
	c := &core{}
	s := task.NewTTRPCTaskClient(dial(t, c))
	ctx := t.Context()
	junk := &anypb.Any{TypeUrl: "containerd.runc.v1.Options", Value: []byte("\xff\xff")}
	for name, call := range map[string]func() (any, error){
		"create":     func() (any, error) { return s.Create(ctx, &task.CreateTaskRequest{ID: "c", Options: junk}) },
		"exec":       func() (any, error) { return s.Exec(ctx, &task.ExecProcessRequest{ID: "c", Spec: junk}) },
		"no spec":    func() (any, error) { return s.Exec(ctx, &task.ExecProcessRequest{ID: "c"}) },
		"update":     func() (any, error) { return s.Update(ctx, &task.UpdateTaskRequest{ID: "c", Resources: junk}) },
		"no update":  func() (any, error) { return s.Update(ctx, &task.UpdateTaskRequest{ID: "c"}) },
		"checkpoint": func() (any, error) { return s.Checkpoint(ctx, &task.CheckpointTaskRequest{ID: "c", Options: junk}) },
		"resize":     func() (any, error) { return s.ResizePty(ctx, &task.ResizePtyRequest{ID: "c", Width: 1 << 16}) },
	} {
		if _, err := call(); !cerrdefs.IsInvalidArgument(errgrpc.ToNative(err)) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	if c.asked != "" {
		t.Errorf("the core was asked %q", c.asked)
	}
}

// TestErrors takes every class across the wire.
func TestErrors(t *testing.T) {
	for _, err := range []error{
		errdefs.NotFound("x"), errdefs.Invalid("x"), errdefs.Conflict("x"), errdefs.NotModified("x"),
		errdefs.Unauthorized("x"), errdefs.Forbidden("x"), errdefs.Unavailable("x"),
		errdefs.NotImplemented("x"), errdefs.Internal("x"),
		fmt.Errorf("x: %w", cerrdefs.ErrAlreadyExists), errors.New("x"),
	} {
		s := task.NewTTRPCTaskClient(dial(t, &core{err: err}))
		_, got := s.Pause(t.Context(), &task.PauseRequest{})
		got = errgrpc.ToNative(got)
		class := cerrdefs.Resolve(err)
		if class == nil {
			class = cerrdefs.ErrUnknown
		}
		same := slices.Contains([]error{cerrdefs.ErrConflict, cerrdefs.ErrNotModified}, class) && cerrdefs.IsFailedPrecondition(got)
		if !errors.Is(got, class) && !same {
			t.Errorf("%v (%v) arrives as %v", err, class, got)
		}
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
