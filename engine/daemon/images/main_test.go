package images

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/diff/apply"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/leases"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/opencontainers/go-digest"
	"github.com/sirupsen/logrus"
	"go.etcd.io/bbolt"

	"github.com/callroute/callroute/engine/api/types"
)

// engine is a Service over containerd's stores in this process.
type engine struct {
	*Service
	t      *testing.T
	ctx    context.Context
	db     *metadata.DB
	root   string
	users  map[string][]User
	mu     sync.Mutex
	events []string
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: images are not unpacked, so nothing that keeps them was tried")
	}
}

func start(t *testing.T) *engine {
	t.Helper()
	needRoot(t)
	return startAt(t, t.TempDir(), t.TempDir())
}

// startAt has the blobs in one folder and the rest in another.
func startAt(t *testing.T, blobs, rest string) *engine {
	t.Helper()
	blobStore, err := local.NewStore(blobs)
	check(t, err)
	snapshotter, err := overlay.NewSnapshotter(filepath.Join(rest, "snapshots"))
	check(t, err)
	t.Cleanup(func() { check(t, snapshotter.Close()) })
	bolt, err := bbolt.Open(filepath.Join(rest, "meta.db"), 0o600, &bbolt.Options{NoSync: true})
	check(t, err)
	t.Cleanup(func() { check(t, bolt.Close()) })
	db := metadata.NewDB(bolt, blobStore, map[string]snapshots.Snapshotter{"overlayfs": snapshotter})
	ctx := namespaces.WithNamespace(t.Context(), "test")
	check(t, db.Init(ctx))
	e := &engine{t: t, ctx: ctx, db: db, root: rest, users: map[string][]User{}}
	e.Service = New(Config{
		Content: db.ContentStore(), Images: collectingImages{metadata.NewImageStore(db), db},
		Snapshots: db.Snapshotter("overlayfs"), Snapshotter: "overlayfs",
		Leases: collectingLeases{metadata.NewLeaseManager(db), db}, Applier: apply.NewFileSystemApplier(db.ContentStore()),
		Users: func(id string) []User { return e.users[id] },
		Event: func(action events.Action, id string, attributes map[string]string) {
			hex := strings.TrimPrefix(id, "sha256:")
			e.mu.Lock()
			defer e.mu.Unlock()
			e.events = append(e.events, fmt.Sprintf("%s %s %s", action, hex[:min(7, len(hex))], attributes["name"]))
		},
	})
	t.Cleanup(func() { e.Close(namespaces.WithNamespace(context.WithoutCancel(ctx), "test")) })
	return e
}

// containerd's services collect when they are asked to do it at once; the stores
// alone do not.
type collectingImages struct {
	images.Store
	db *metadata.DB
}

func (c collectingImages) Delete(ctx context.Context, name string, opts ...images.DeleteOpt) error {
	var o images.DeleteOptions
	for _, opt := range opts {
		if err := opt(ctx, &o); err != nil {
			return err
		}
	}
	if err := c.Store.Delete(ctx, name, opts...); err != nil || !o.Synchronous {
		return err
	}
	_, err := c.db.GarbageCollect(ctx)
	return err
}

type collectingLeases struct {
	leases.Manager
	db *metadata.DB
}

func (c collectingLeases) Delete(ctx context.Context, l leases.Lease, opts ...leases.DeleteOpt) error {
	var o leases.DeleteOptions
	for _, opt := range opts {
		if err := opt(ctx, &o); err != nil {
			return err
		}
	}
	if err := c.Manager.Delete(ctx, l, opts...); err != nil || !o.Synchronous {
		return err
	}
	_, err := c.db.GarbageCollect(ctx)
	return err
}

// messages collects what a transfer tells.
type messages []jsonstream.Message

func (m *messages) add(message any) error {
	*m = append(*m, message.(jsonstream.Message))
	return nil
}

// text is the messages without bars, a line each.
func (m messages) text() string {
	var b strings.Builder
	for _, message := range m {
		switch {
		case message.Stream != "":
			b.WriteString(message.Stream)
		case message.Progress == nil && message.ID != "":
			fmt.Fprintf(&b, "%s: %s\n", message.ID, message.Status)
		case message.Progress == nil:
			fmt.Fprintln(&b, message.Status)
		}
	}
	return b.String()
}

func (e *engine) load(archive []byte) (string, error) {
	var m messages
	err := e.Load(e.ctx, bytes.NewReader(archive), m.add)
	return m.text(), err
}

func (e *engine) mustLoad(archive []byte) string {
	e.t.Helper()
	out, err := e.load(archive)
	check(e.t, err)
	return out
}

func (e *engine) mustGet(name string) Image {
	e.t.Helper()
	i, err := e.Get(e.ctx, name)
	check(e.t, err)
	return i
}

func (e *engine) tag(name, as string) {
	e.t.Helper()
	check(e.t, e.Tag(e.ctx, name, as, ""))
}

func (e *engine) rmi(name string, opts types.ImageRemoveOptions) (string, error) {
	done, err := e.Remove(e.ctx, name, opts)
	var b strings.Builder
	for _, d := range done {
		if d.Untagged != "" {
			fmt.Fprintln(&b, "Untagged:", d.Untagged)
		} else {
			fmt.Fprintln(&b, "Deleted:", d.Deleted)
		}
	}
	return b.String(), err
}

// left counts what the stores hold.
type left struct{ images, blobs, ingests, snapshots, leases int }

func (e *engine) left() left {
	e.t.Helper()
	_, err := e.db.GarbageCollect(e.ctx)
	check(e.t, err)
	var l left
	records, err := e.Images.List(e.ctx)
	check(e.t, err)
	l.images = len(records)
	check(e.t, e.Content.Walk(e.ctx, func(content.Info) error { l.blobs++; return nil }))
	ingests, err := e.Content.ListStatuses(e.ctx)
	check(e.t, err)
	l.ingests = len(ingests)
	check(e.t, e.Snapshots.Walk(e.ctx, func(context.Context, snapshots.Info) error { l.snapshots++; return nil }))
	leased, err := e.Leases.List(e.ctx)
	check(e.t, err)
	l.leases = len(leased)
	return l
}

func (e *engine) wantNothingLeft() {
	e.t.Helper()
	if l := e.left(); l != (left{}) {
		e.t.Errorf("left behind: %+v", l)
	}
	e.read.Range(func(k, _ any) bool {
		if _, err := e.all(e.ctx); err != nil {
			e.t.Error(err)
		}
		return false
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want one with %q", err, text)
	}
}

// epoch is the time of everything in the images of these tests.
var epoch = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// file is an entry of an archive.
type file struct {
	name, content, link string
	mode                int64
	kind                byte
}

func tarOf(files ...file) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Typeflag: f.kind, Linkname: f.link, Mode: f.mode, ModTime: epoch, Size: int64(len(f.content))}
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(h); err != nil {
			panic(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// spec is an image to make an archive of.
type spec struct {
	tags    []string
	layers  [][]byte // tars
	labels  map[string]string
	created time.Time
	arch    string // amd64
}

func (s spec) config() []byte {
	if s.created.IsZero() {
		s.created = epoch
	}
	if s.arch == "" {
		s.arch = "amd64"
	}
	var diffIDs, history []any
	for _, l := range s.layers {
		diffIDs = append(diffIDs, digest.FromBytes(l))
		history = append(history, map[string]any{"created": s.created, "created_by": "COPY / /"})
	}
	return asJSON(map[string]any{
		"architecture": s.arch, "os": "linux", "created": s.created,
		"config":  map[string]any{"Cmd": []string{"sh"}, "Env": []string{"PATH=/bin"}, "Labels": s.labels},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": diffIDs},
		"history": append(history, map[string]any{"created": s.created, "created_by": "CMD sh", "empty_layer": true}),
	})
}

func (s spec) id() string { return digest.FromBytes(s.config()).String() }

// dockerArchive is images as docker save writes them.
func dockerArchive(specs ...spec) []byte {
	var files []file
	var manifest []any
	seen := map[string]bool{}
	for _, s := range specs {
		config := digest.FromBytes(s.config()).Encoded() + ".json"
		if !seen[config] {
			files, seen[config] = append(files, file{name: config, content: string(s.config())}), true
		}
		var layers []string
		for _, l := range s.layers {
			name := digest.FromBytes(l).Encoded() + "/layer.tar"
			if !seen[name] {
				files, seen[name] = append(files, file{name: name, content: string(l)}), true
			}
			layers = append(layers, name)
		}
		manifest = append(manifest, map[string]any{"Config": config, "RepoTags": s.tags, "Layers": layers})
	}
	return tarOf(append(files, file{name: "manifest.json", content: string(asJSON(manifest))})...)
}

// blob is content with the name and the size it goes by.
type blob struct {
	mediaType string
	data      []byte
}

func (b blob) digest() digest.Digest { return digest.FromBytes(b.data) }

func (b blob) descriptor() map[string]any {
	return map[string]any{"mediaType": b.mediaType, "digest": b.digest(), "size": len(b.data)}
}

func (b blob) with(key string, value any) map[string]any {
	d := b.descriptor()
	d[key] = value
	return d
}

const (
	ociIndex    = "application/vnd.oci.image.index.v1+json"
	ociManifest = "application/vnd.oci.image.manifest.v1+json"
	ociConfig   = "application/vnd.oci.image.config.v1+json"
	ociLayer    = "application/vnd.oci.image.layer.v1.tar"
)

// oci is the blobs of an image, the manifest first.
func (s spec) oci(compressed bool) []blob {
	config := blob{ociConfig, s.config()}
	blobs := []blob{config}
	layers := []any{}
	for _, l := range s.layers {
		b := blob{ociLayer, l}
		if compressed {
			b = blob{ociLayer + "+gzip", gzipped(l)}
		}
		blobs, layers = append(blobs, b), append(layers, b.descriptor())
	}
	manifest := blob{ociManifest, asJSON(map[string]any{
		"schemaVersion": 2, "mediaType": ociManifest, "config": config.descriptor(), "layers": layers,
	})}
	return append([]blob{manifest}, blobs...)
}

// ociArchive is an OCI layout with an index of the given entries.
func ociArchive(entries []any, blobs ...blob) []byte {
	files := []file{
		{name: "oci-layout", content: `{"imageLayoutVersion":"1.0.0"}`},
		{name: "index.json", content: string(asJSON(map[string]any{"schemaVersion": 2, "mediaType": ociIndex, "manifests": entries}))},
	}
	for _, b := range blobs {
		files = append(files, file{name: "blobs/sha256/" + b.digest().Encoded(), content: string(b.data)})
	}
	return tarOf(files...)
}

func asJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// busybox is an image like the one people begin with.
func busybox(tags ...string) spec {
	return spec{tags: tags, layers: [][]byte{
		tarOf(file{name: "bin/", kind: tar.TypeDir, mode: 0o755}, file{name: "bin/sh", content: "program", mode: 0o755}),
		tarOf(file{name: "etc/motd", content: "hello"}),
	}, labels: map[string]string{"maker": "test"}}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var (
	forced   = types.ImageRemoveOptions{Force: true}
	unforced = types.ImageRemoveOptions{}
)

func withRef(ref string) content.WriterOpt { return content.WithRef(ref) }

// The libraries' log would hide what the tests say.
func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard)
	os.Exit(m.Run())
}

func (s spec) diffIDs() (ids []digest.Digest) {
	for _, l := range s.layers {
		ids = append(ids, digest.FromBytes(l))
	}
	return ids
}

// snapshotDirs counts the snapshots there are on disk.
func (e *engine) snapshotDirs() int {
	e.t.Helper()
	entries, err := os.ReadDir(filepath.Join(e.root, "snapshots/snapshots"))
	check(e.t, err)
	return len(entries)
}
