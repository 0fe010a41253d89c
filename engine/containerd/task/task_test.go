package task

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/shim/bundle"
)

func TestCreateAndRemove(t *testing.T) {
	w := newWorld(t)
	w.make("c")
	w.wantFolders("c")
	if spec, err := os.ReadFile(filepath.Join(w.Bundles, "test", "c", "config.json")); err != nil || string(spec) != "{}" {
		t.Errorf("config.json: %q, %v", spec, err)
	}
	if _, err := w.Create(w.ctx, &tasks.CreateTaskRequest{ContainerID: "c"}); !cerrdefs.IsAlreadyExists(err) {
		t.Errorf("the second: %v", err)
	}
	w.wantFolders("c")
	other := namespaces.WithNamespace(t.Context(), "other")
	if _, err := w.Create(other, &tasks.CreateTaskRequest{ContainerID: "d"}); err != nil {
		t.Errorf("in another namespace: %v", err)
	}
	if ids, err := w.IDs(w.ctx); err != nil || !slices.Equal(ids, []string{"c"}) {
		t.Errorf("ids %v, %v", ids, err)
	}
	if resp, err := w.Remove(other, "d", ""); err != nil || resp.ExitStatus != 3 {
		t.Errorf("remove: %v, %v", resp, err)
	}
	if resp, err := w.Remove(w.ctx, "c", ""); err != nil || resp.ExitStatus != 3 {
		t.Errorf("remove: %v, %v", resp, err)
	}
	w.wantFolders()
	if _, err := w.Remove(w.ctx, "c", ""); !cerrdefs.IsNotFound(err) {
		t.Errorf("remove again: %v", err)
	}
	if deleted := w.shims.deletedIDs(); len(deleted) != 0 {
		t.Errorf("cleaned up after %v, which ended well", deleted)
	}
}

func TestCreateFails(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		name  string
		id    string
		spoil func(*world)
		is    func(error) bool
	}{
		{"no container", "none", func(*world) {}, cerrdefs.IsNotFound},
		{"a bad id", "a/b", func(*world) {}, cerrdefs.IsInvalidArgument},
		{"no namespace", "c", func(w *world) { w.ctx = w.t.Context() }, cerrdefs.IsInvalidArgument},
		{"the shim does not start", "c", func(w *world) { w.shims.refuse = refused }, func(err error) bool { return errors.Is(err, refused) }},
		{"the shim cannot create", "c", func(w *world) {
			w.shims.create = func(*taskv3.CreateTaskRequest) error { return refused }
		}, func(err error) bool { return errors.Is(err, refused) }},
		{"the shim dies", "c", func(w *world) {
			w.shims.create = func(*taskv3.CreateTaskRequest) error {
				s := w.shims.shim("c")
				s.die()
				return s.gone()
			}
		}, cerrdefs.IsUnavailable},
		{"the shim dies after it", "c", func(w *world) {
			w.shims.create = func(*taskv3.CreateTaskRequest) error { w.shims.shim("c").die(); return nil }
		}, cerrdefs.IsUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.spoil(w)
			if _, err := w.Create(w.ctx, &tasks.CreateTaskRequest{ContainerID: c.id}); err == nil || !c.is(err) {
				t.Errorf("%v", err)
			}
			w.wantFolders()
			if len(w.shims.running) != 0 {
				t.Error("its shim runs")
			}
			// Nothing is in the way of the next.
			w.shims.refuse, w.shims.create = nil, nil
			w.ctx = namespaces.WithNamespace(t.Context(), "test")
			w.make("c")
		})
	}
}

// TestVerbsWaitForCreate asks for a task that is being made by one who has gone.
func TestVerbsWaitForCreate(t *testing.T) {
	w := newWorld(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	w.shims.create = func(*taskv3.CreateTaskRequest) error { close(entered); <-leave; return nil }
	ctx, cancel := context.WithCancel(w.ctx)
	first := make(chan error, 1)
	go func() {
		_, err := w.Create(ctx, &tasks.CreateTaskRequest{ContainerID: "c"})
		first <- err
	}()
	<-entered
	cancel()
	short, stop := context.WithTimeout(w.ctx, 10*time.Millisecond)
	defer stop()
	if _, err := w.State(short, "c", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it does not wait: %v", err)
	}
	second := make(chan error, 1)
	go func() {
		_, err := w.Create(w.ctx, &tasks.CreateTaskRequest{ContainerID: "c"})
		second <- err
	}()
	time.Sleep(10 * time.Millisecond)
	w.shims.create = nil
	close(leave)
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: %v", err)
	}
	if err := <-second; err != nil {
		t.Errorf("the second: %v", err)
	}
	w.wantFolders("c")
}

func TestShimDies(t *testing.T) {
	w := newWorld(t)
	w.make("c")
	type waited struct {
		resp *taskv3.WaitResponse
		err  error
	}
	waits := make(chan waited, 2)
	for _, exec := range []string{"", "e"} {
		go func() {
			resp, err := w.Wait(w.ctx, "c", exec)
			waits <- waited{resp, err}
		}()
	}
	time.Sleep(10 * time.Millisecond)
	w.shims.shim("c").die()
	for range 2 {
		if got := <-waits; got.err != nil || got.resp.ExitStatus != 137 {
			t.Errorf("wait: %v, %v", got.resp, got.err)
		}
	}
	if !w.heard.has("/tasks/exit c 137") || !w.heard.has("/tasks/delete") {
		// It is told after who waits.
		time.Sleep(50 * time.Millisecond)
	}
	if !w.heard.has("/tasks/exit c 137") || !w.heard.has("/tasks/delete") {
		t.Errorf("told was %v", w.heard.all)
	}
	if got := w.shims.deletedIDs(); !slices.Equal(got, []string{"c"}) {
		t.Errorf("cleaned up after %v", got)
	}
	w.wantFolders()
	w.make("c")
}

// TestRemoveRaces has many remove one task whose shim dies.
func TestRemoveRaces(t *testing.T) {
	for range 50 {
		w := newWorld(t)
		w.make("c")
		shim := w.shims.shim("c")
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if _, err := w.Remove(w.ctx, "c", ""); err != nil && !cerrdefs.IsNotFound(err) {
					t.Errorf("remove: %v", err)
				}
			})
		}
		group.Go(shim.die)
		group.Wait()
		w.wantFolders()
	}
}

func TestReload(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"dead", "empty", "lives"} {
		w.make(id)
	}
	w.shims.shim("empty").empty = true
	w.shims.mu.Lock()
	delete(w.shims.running, "dead") // nobody was there to see it
	w.shims.mu.Unlock()
	for _, dir := range []string{filepath.Join(w.Bundles, "test", "half"), filepath.Join(w.Work, "test", "gone")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.restart()
	w.wantFolders("lives")
	if ids, err := w.IDs(w.ctx); err != nil || !slices.Equal(ids, []string{"lives"}) {
		t.Errorf("ids %v, %v", ids, err)
	}
	deleted := w.shims.deletedIDs()
	slices.Sort(deleted)
	if !slices.Equal(deleted, []string{"dead", "empty", "half"}) {
		t.Errorf("cleaned up after %v", deleted)
	}
	if !w.heard.has("/tasks/exit dead 137") {
		t.Errorf("told was %v", w.heard.all)
	}
	if w.shims.shim("empty") != nil {
		t.Error("a shim without a container lives on")
	}
	// A death is noticed by the new process too.
	w.shims.shim("lives").die()
	w.wantFolders()
}

// TestReloadUnanswered takes up shims that were started by one who was killed
// before their answer was written down.
func TestReloadUnanswered(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"empty", "old", "new"} {
		w.make(id)
		dir := filepath.Join(w.Bundles, "test", id)
		if err := errors.Join(os.Remove(filepath.Join(dir, bundle.Bootstrap)), bundle.Write(dir, bundle.Address, []byte("unix:///s"))); err != nil {
			t.Fatal(err)
		}
	}
	w.shims.shim("old").version2 = true
	w.shims.shim("empty").empty = true
	w.restart()
	w.wantFolders("new", "old")
	if w.shims.shim("empty") != nil {
		t.Error("a shim without a container lives on")
	}
}

// TestCheckpoint takes a container into the content store and out again.
func TestCheckpoint(t *testing.T) {
	w := newWorldWithContent(t)
	w.make("c")
	got, err := w.Checkpoint(w.ctx, "c", anyOf(t, &options.CheckpointOptions{Exit: true}))
	if err != nil || len(got) != 2 || got[0].MediaType != images.MediaTypeContainerd1Checkpoint || got[1].MediaType != images.MediaTypeContainerd1CheckpointConfig {
		t.Fatalf("%v, %v", got, err)
	}
	for _, d := range got {
		blob, err := content.ReadBlob(w.ctx, w.Content, ocispec.Descriptor{Digest: digest.Digest(d.Digest), Size: d.Size})
		if err != nil || int64(len(blob)) != d.Size || digest.FromBytes(blob).String() != d.Digest {
			t.Errorf("%v: %d bytes, %v", d, len(blob), err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(w.Work, "test", "c", "*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}

	var from string
	w.shims.create = func(r *taskv3.CreateTaskRequest) error {
		from = r.Checkpoint
		return nil
	}
	if _, err := w.Create(w.ctx, &tasks.CreateTaskRequest{ContainerID: "restored", Checkpoint: got[0]}); err != nil {
		t.Fatal(err)
	}
	// The runtime reads it at Start.
	if pages, err := os.ReadFile(filepath.Join(from, "pages.img")); err != nil || string(pages) != "pages of c" {
		t.Errorf("restored from %q, %v", pages, err)
	}
	if _, err := w.Remove(w.ctx, "restored", ""); err != nil {
		t.Error(err)
	}
	w.wantFolders("c")

	dir := t.TempDir()
	if got, err := w.Checkpoint(w.ctx, "c", anyOf(t, &options.CheckpointOptions{ImagePath: dir})); err != nil || len(got) != 0 {
		t.Errorf("into a folder: %v, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "pages.img")); err != nil {
		t.Error(err)
	}
	if _, err := w.Create(w.ctx, &tasks.CreateTaskRequest{ContainerID: "d", Options: anyOf(t, &options.Options{CriuImagePath: dir})}); err != nil || from != dir {
		t.Errorf("from a folder: %q, %v", from, err)
	}
	for name, bad := range map[string]*types.Descriptor{
		"another type":      {MediaType: "text/plain", Digest: got[0].Digest, Size: got[0].Size},
		"no such blob":      {MediaType: got[0].MediaType, Digest: digest.FromString("x").String(), Size: 1},
		"no archive at all": {MediaType: got[0].MediaType, Digest: w.blob("no archive"), Size: 10},
		"no digest":         {MediaType: got[0].MediaType, Digest: "../x"},
	} {
		if _, err := w.Create(w.ctx, &tasks.CreateTaskRequest{ContainerID: "bad", Checkpoint: bad}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	w.wantFolders("c", "d")
}

func (w *world) blob(text string) string {
	w.t.Helper()
	d := ocispec.Descriptor{Digest: digest.FromString(text), Size: int64(len(text))}
	if err := content.WriteBlob(w.ctx, w.Content, text, bytes.NewReader([]byte(text)), d); err != nil {
		w.t.Fatal(err)
	}
	return d.Digest.String()
}

func TestStoreFails(t *testing.T) {
	w := newWorldWithContent(t)
	broken := io.MultiReader(strings.NewReader("some"), errReader{})
	if _, err := (checkpoints{w.Tasks}).store(w.ctx, "text/plain", "ref", broken); !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
	if left, err := w.Content.ListStatuses(w.ctx); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

var errBroken = errors.New("broken")

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errBroken }

func TestShimBinary(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	for name, mode := range map[string]os.FileMode{"containerd-shim-fake-v2": 0o755, "containerd-shim-dull-v2": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ runtime, chosen, want string }{
		{"io.containerd.fake.v2", "", "/containerd-shim-fake-v2"},
		{"org.example.fake.v2", "", "/containerd-shim-fake-v2"},
		{"io.containerd.dull.v2", "", ""},
		{"io.containerd.fake.v3", "", ""},
		{"io.containerd.fake", "", ""},
		{"fake.v2", "", ""},
		{"containerd-shim-fake-v2", "", ""},
		{"io..fake.v2", "", ""},
		{"io.containerd./fake.v2", "", ""},
		{"../containerd-shim-fake-v2", "", ""},
		{dir + "/containerd-shim-fake-v2", "", "/containerd-shim-fake-v2"},
		{dir + "/containerd-shim-dull-v2", "", ""},
		{dir, "", ""},
		{"", "", ""},
		{"", dir + "/containerd-shim-fake-v2", "/containerd-shim-fake-v2"},
		{DefaultRuntime, dir + "/containerd-shim-fake-v2", "/containerd-shim-fake-v2"},
		{DefaultRuntime, dir + "/nothing", ""},
	} {
		want := c.want
		if want != "" {
			want = dir + want
		}
		tasks := New(Config{ShimBinary: c.chosen})
		got, err := maker{tasks}.shimBinary(c.runtime)
		if got != want || (err == nil) != (want != "") || err != nil && !cerrdefs.IsInvalidArgument(err) {
			t.Errorf("%q (%q): %q, %v", c.runtime, c.chosen, got, err)
		}
	}
}

func TestBundleIsInTheWay(t *testing.T) {
	w := newWorld(t)
	bundle := filepath.Join(w.Bundles, "test", "c")
	if err := os.MkdirAll(filepath.Join(bundle, "kept"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Create(w.ctx, &tasks.CreateTaskRequest{ContainerID: "c"}); !cerrdefs.IsAlreadyExists(err) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(bundle, "kept")); err != nil {
		t.Error("it was not ours to remove")
	}
}
