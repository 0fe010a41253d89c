package task

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	eventsapi "github.com/containerd/containerd/api/events"
	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/bundle"
)

// fakeShims is shims that run nothing. A shim of it outlives a Tasks, as a real
// one does.
type fakeShims struct {
	mu      sync.Mutex
	running map[string]*fakeShim
	deleted []string // by DeleteAfterDeath
	refuse  error    // of Start
	create  func(*taskv3.CreateTaskRequest) error
}

func (f *fakeShims) Start(_ context.Context, c ShimConfig) (Shim, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return nil, f.refuse
	}
	s := &fakeShim{fleet: f, id: c.ID, onClose: c.OnClose, ended: make(chan struct{}), dead: make(chan struct{})}
	f.running[c.ID] = s
	return s, bundle.Write(c.Bundle, bundle.Bootstrap, []byte(`{"version":3}`))
}

func (f *fakeShims) Load(_ context.Context, c ShimConfig) (Shim, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.running[c.ID]
	data, err := os.ReadFile(filepath.Join(c.Bundle, bundle.Bootstrap))
	switch {
	case err != nil || s == nil:
		return nil, errdefs.NotFound("no shim of %s", c.ID)
	case s.version2 && !strings.Contains(string(data), `"version":2`):
		return nil, errdefs.NotImplemented("not that version")
	}
	s.onClose = c.OnClose
	return s, nil
}

func (f *fakeShims) DeleteAfterDeath(_ context.Context, c ShimConfig) (Exit, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deleted = append(f.deleted, c.ID)
	return Exit{Pid: 7, Status: 137, At: time.Unix(1, 0)}, nil
}

func (f *fakeShims) Info(context.Context, string, *anypb.Any) (*types.RuntimeInfo, error) {
	return &types.RuntimeInfo{Name: "fake"}, nil
}

func (f *fakeShims) shim(id string) *fakeShim {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running[id]
}

func (f *fakeShims) deletedIDs() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.deleted)
}

type fakeShim struct {
	Shim     // panics for what is not below
	fleet    *fakeShims
	id       string
	onClose  func()
	once     sync.Once
	ended    chan struct{} // closed when the process has ended
	dead     chan struct{} // closed when the shim has
	empty    bool          // it has no container
	version2 bool          // it speaks only that version
}

// die is the end of the shim, by whatever.
func (s *fakeShim) die() {
	s.once.Do(func() {
		s.fleet.mu.Lock()
		delete(s.fleet.running, s.id)
		onClose := s.onClose
		s.fleet.mu.Unlock()
		close(s.dead)
		onClose()
	})
}

func (s *fakeShim) gone() error { return errdefs.Unavailable("shim of %s is gone", s.id) }

func (s *fakeShim) Create(_ context.Context, r *taskv3.CreateTaskRequest) (uint32, error) {
	if s.fleet.create != nil {
		if err := s.fleet.create(r); err != nil {
			return 0, err
		}
	}
	return 7, nil
}

func (s *fakeShim) State(context.Context, *taskv3.StateRequest) (*taskv3.StateResponse, error) {
	if s.empty {
		return nil, errdefs.NotFound("no container")
	}
	return &taskv3.StateResponse{ID: s.id, Pid: 7}, nil
}

func (s *fakeShim) Connect(context.Context, *taskv3.ConnectRequest) (*taskv3.ConnectResponse, error) {
	return &taskv3.ConnectResponse{}, nil
}

func (s *fakeShim) Wait(ctx context.Context, _ *taskv3.WaitRequest) (*taskv3.WaitResponse, error) {
	select {
	case <-s.ended:
		return &taskv3.WaitResponse{ExitStatus: 3}, nil
	case <-s.dead:
		return nil, s.gone()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *fakeShim) Delete(context.Context, *taskv3.DeleteRequest) (*taskv3.DeleteResponse, error) {
	select {
	case <-s.dead:
		return nil, s.gone()
	default:
		return &taskv3.DeleteResponse{Pid: 7, ExitStatus: 3}, nil
	}
}

func (s *fakeShim) Checkpoint(_ context.Context, r *taskv3.CheckpointTaskRequest) error {
	return os.WriteFile(filepath.Join(r.Path, "pages.img"), []byte("pages of "+s.id), 0o600)
}

func (s *fakeShim) Shutdown(context.Context, *taskv3.ShutdownRequest) error {
	go s.die()
	return nil
}

func (s *fakeShim) Close() error {
	s.die()
	return nil
}

// records is a store of containers, which all have the same spec.
type records struct{ containers.Store }

func (records) Get(_ context.Context, id string) (containers.Container, error) {
	if strings.HasPrefix(id, "none") {
		return containers.Container{}, errdefs.NotFound("container %s", id)
	}
	return containers.Container{ID: id, Runtime: containers.RuntimeInfo{Name: "/bin/sh"}, Spec: &anypb.Any{TypeUrl: "spec", Value: []byte("{}")}}, nil
}

// heard is the events that were told.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) Publish(_ context.Context, topic string, e events.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if exit, ok := e.(*eventsapi.TaskExit); ok {
		topic = fmt.Sprintf("%s %s %d", topic, exit.ContainerID, exit.ExitStatus)
	}
	h.all = append(h.all, topic)
	return nil
}

func (h *heard) has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.all, text)
}

type world struct {
	*Tasks
	t     *testing.T
	shims *fakeShims
	heard *heard
	ctx   context.Context
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, shims: &fakeShims{running: map[string]*fakeShim{}}, heard: &heard{}}
	dir := t.TempDir()
	w.Tasks = New(Config{
		Bundles: filepath.Join(dir, "bundles"), Work: filepath.Join(dir, "work"),
		Shims: w.shims, Containers: records{}, Events: w.heard,
	})
	w.ctx = namespaces.WithNamespace(t.Context(), "test")
	return w
}

// newWorldWithContent has a content store too.
func newWorldWithContent(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	var err error
	if w.Content, err = local.NewLabeledStore(t.TempDir(), labels{}); err != nil {
		t.Fatal(err)
	}
	return w
}

// restart is what another process makes of what is on disk.
func (w *world) restart() {
	w.t.Helper()
	w.Tasks = New(w.Config)
	if err := w.Reload(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) make(id string) {
	w.t.Helper()
	if pid, err := w.Create(w.ctx, &tasks.CreateTaskRequest{ContainerID: id}); err != nil || pid != 7 {
		w.t.Fatalf("create: %d, %v", pid, err)
	}
}

// wantFolders looks at whose bundles and work folders there are.
func (w *world) wantFolders(ids ...string) {
	w.t.Helper()
	for _, dir := range []string{w.Bundles, w.Work} {
		found, err := keysIn(dir)
		if err != nil {
			w.t.Error(err)
		}
		var have []string
		for _, k := range found {
			have = append(have, k.id)
		}
		if !slices.Equal(have, ids) {
			w.t.Errorf("in %s there is %v, not %v", filepath.Base(dir), have, ids)
		}
	}
}

func anyOf(t *testing.T, m any) *anypb.Any {
	t.Helper()
	v, err := typeurl.MarshalAnyToProto(m)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// labels is a store of none.
type labels struct{}

func (labels) Get(digest.Digest) (map[string]string, error) { return nil, nil }
func (labels) Set(digest.Digest, map[string]string) error   { return nil }
func (labels) Update(digest.Digest, map[string]string) (map[string]string, error) {
	return nil, nil
}
