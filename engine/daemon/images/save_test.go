package images

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/mount"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

func (e *engine) save(names ...string) ([]byte, error) {
	var b bytes.Buffer
	err := e.Save(e.ctx, names, func(types.StreamKind) io.Writer { return &b })
	return b.Bytes(), err
}

// What is saved is what is loaded, under the same IDs.
func TestSaveRoundTrip(t *testing.T) {
	other := spec{tags: []string{"other:1"}, layers: [][]byte{tarOf(file{name: "x", content: "x"})}}
	s := busybox("busybox", "busybox:2", "team/box:v1")
	for _, test := range []struct {
		name  string
		names []string
		want  []string // names in the archive
		ids   []string
	}{
		{"a tag", []string{"team/box:v1"}, []string{"team/box:v1"}, []string{s.id()}},
		{"a repository", []string{"busybox"}, []string{"busybox:2", "busybox:latest"}, []string{s.id()}},
		{"an ID", []string{s.id()[7:19]}, nil, []string{s.id()}},
		{"two images", []string{"busybox:2", "other:1"}, []string{"busybox:2", "other:1"}, []string{s.id(), other.id()}},
		{"the same twice", []string{"busybox:2", "busybox:2", s.id()}, []string{"busybox:2"}, []string{s.id()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			from, to := start(t), start(t)
			from.mustLoad(dockerArchive(s, other))
			data, err := from.save(test.names...)
			check(t, err)
			var names []string
			for _, m := range dockerManifest(t, data) {
				names = append(names, m.RepoTags...)
			}
			slices.Sort(names)
			if !slices.Equal(names, test.want) {
				t.Errorf("saved %v, want %v", names, test.want)
			}
			to.mustLoad(data)
			for _, id := range test.ids {
				to.mustGet(id)
			}
			if l := from.left(); l.leases != 0 || l.images != 4 {
				t.Errorf("left %+v", l)
			}
		})
	}
}

type dockerEntry struct {
	Config           string
	RepoTags, Layers []string
}

// dockerManifest is the manifest.json of an archive, whose files are all there.
func dockerManifest(t *testing.T, data []byte) (manifest []dockerEntry) {
	t.Helper()
	files := map[string]bool{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		files[h.Name] = true
		if h.Name == "manifest.json" {
			check(t, json.NewDecoder(r).Decode(&manifest))
		}
	}
	for _, m := range manifest {
		for _, name := range append(m.Layers, m.Config) {
			if !files[name] {
				t.Errorf("%s is missing", name)
			}
		}
	}
	return manifest
}

func TestSaveErrors(t *testing.T) {
	e := start(t)
	e.mustLoad(dockerArchive(busybox("busybox")))
	for _, test := range []struct {
		names  []string
		want   string
		status int
	}{
		{nil, "no images", 400},
		{[]string{"nosuch"}, "No such image: nosuch", 404},
		{[]string{"busybox", "busybox:2"}, "No such image: busybox:2", 404},
		{[]string{"UPPER"}, "invalid reference format", 400},
	} {
		err := e.Save(e.ctx, test.names, func(types.StreamKind) io.Writer {
			t.Errorf("%v: something was sent", test.names)
			return io.Discard
		})
		wantError(t, err, test.want)
		if got := errdefs.ToHTTP(err); got != test.status {
			t.Errorf("%v: status %d", test.names, got)
		}
	}
	gone := errors.New("client is gone")
	if err := e.Save(e.ctx, []string{"busybox"}, func(types.StreamKind) io.Writer { return failingWriter{gone} }); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }

func (e *engine) importTar(data []byte, opts types.ImageImportOptions) (string, error) {
	var m messages
	err := e.Import(e.ctx, bytes.NewReader(data), opts, m.add)
	return strings.TrimSpace(m.text()), err
}

func TestImport(t *testing.T) {
	e := start(t)
	data := tarOf(file{name: "etc/motd", content: "imported"})
	id, err := e.importTar(gzipped(data), types.ImageImportOptions{
		Repository: "imported", Tag: "1", Message: "from a tar",
		Changes: []string{`CMD ["/bin/sh","-c","echo hi"]`, "ENV A=b", "LABEL x=y"},
	})
	check(t, err)
	i, err := e.Inspect(e.ctx, "imported:1")
	check(t, err)
	if i.ID != id || i.Comment != "from a tar" || i.Os != "linux" || len(i.RootFS.Layers) != 1 || i.Config.Cmd[2] != "echo hi" || i.Config.Labels["x"] != "y" {
		t.Errorf("%s: %+v", id, i)
	}
	mounts, err := e.Prepare(e.ctx, e.mustGet(id), "c1")
	check(t, err)
	check(t, mount.WithTempMount(e.ctx, mounts, func(root string) error {
		motd, err := os.ReadFile(filepath.Join(root, "etc/motd"))
		if string(motd) != "imported" {
			t.Errorf("%q", motd)
		}
		return err
	}))
	check(t, e.Release(e.ctx, "c1"))
	// Without a name it is there too, and stays.
	id2, err := e.importTar(data, types.ImageImportOptions{})
	check(t, err)
	e.left()
	if i := e.mustGet(id2); len(i.RepoTags) != 0 {
		t.Errorf("%+v", i)
	}
	for _, id := range []string{id, id2} {
		_, err := e.rmi(id, unforced)
		check(t, err)
	}
	e.wantNothingLeft()
}

func TestImportErrors(t *testing.T) {
	e := start(t)
	good := tarOf(file{name: "f", content: strings.Repeat("x", 5000)})
	for _, test := range []struct {
		name string
		data []byte
		opts types.ImageImportOptions
		want string
	}{
		{"no tar", []byte(strings.Repeat("no tar ", 200)), types.ImageImportOptions{}, "invalid tar header"},
		{"cut", good[:2000], types.ImageImportOptions{}, "unexpected EOF"},
		{"cut gzip", gzipped(good)[:30], types.ImageImportOptions{}, "EOF"},
		{"name", good, types.ImageImportOptions{Repository: "UPPER"}, "lowercase"},
		{"tag", good, types.ImageImportOptions{Repository: "x", Tag: "a b"}, "invalid tag"},
		{"digest", good, types.ImageImportOptions{Repository: "x@sha256:" + strings.Repeat("a", 64)}, "digest"},
		{"platform", good, types.ImageImportOptions{Platform: "windows/amd64"}, `operating system "windows" is not supported`},
		{"change", good, types.ImageImportOptions{Changes: []string{"RUN rm -rf /"}}, "run is not a valid change command"},
	} {
		_, err := e.importTar(test.data, test.opts)
		wantError(t, err, test.want)
		if got := errdefs.ToHTTP(err); got != 400 {
			t.Errorf("%s: status %d: %v", test.name, got, err)
		}
		e.wantNothingLeft()
	}
}
