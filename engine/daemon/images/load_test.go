package images

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/mount"
	cerrdefs "github.com/containerd/errdefs"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
)

func TestLoad(t *testing.T) {
	s := busybox("busybox", "team/box:v1")
	untagged := busybox()
	other := spec{tags: []string{"other:1"}, layers: [][]byte{tarOf(file{name: "x", content: "x"})}}
	named := func(key, name string) []any {
		return []any{s.oci(false)[0].with("annotations", map[string]string{key: name})}
	}
	arm := spec{layers: other.layers, labels: map[string]string{"arm": "1"}}
	index := blob{ociIndex, asJSON(map[string]any{"schemaVersion": 2, "mediaType": ociIndex, "manifests": []any{
		arm.oci(true)[0].with("platform", map[string]string{"os": "linux", "architecture": "s390x"}),
		s.oci(true)[0].with("platform", map[string]string{"os": "linux", "architecture": "amd64"}),
	}})}
	for _, test := range []struct {
		name    string
		archive []byte
		want    string
		id      string
	}{
		{"docker", dockerArchive(s), "Loaded image: busybox:latest\nLoaded image: team/box:v1\n", s.id()},
		{"gzip around it", gzipped(dockerArchive(s)), "Loaded image: busybox:latest\nLoaded image: team/box:v1\n", s.id()},
		{"no name", dockerArchive(untagged), "Loaded image ID: " + s.id() + "\n", s.id()},
		{"two", dockerArchive(s, other), "Loaded image: busybox:latest\nLoaded image: team/box:v1\nLoaded image: other:1\n", other.id()},
		{"OCI", ociArchive(named("io.containerd.image.name", "docker.io/library/box:2"), s.oci(false)...), "Loaded image: box:2\n", s.id()},
		{"OCI compressed layers", ociArchive([]any{s.oci(true)[0].with("annotations", map[string]string{"org.opencontainers.image.ref.name": "box:3"})}, s.oci(true)...), "Loaded image: box:3\n", s.id()},
		{"OCI only a tag", ociArchive(named("org.opencontainers.image.ref.name", "latest"), s.oci(false)...), "Loaded image ID: " + s.id() + "\n", s.id()},
		{"OCI no name", ociArchive([]any{s.oci(false)[0].descriptor()}, s.oci(false)...), "Loaded image ID: " + s.id() + "\n", s.id()},
		{"OCI index of platforms", ociArchive([]any{index.descriptor()}, append(s.oci(true), index)...), "Loaded image ID: " + s.id() + "\n", s.id()},
		{"no layers", dockerArchive(spec{tags: []string{"empty"}}), "Loaded image: empty:latest\n", spec{}.id()},
		{"links to layers", linked(s), "Loaded image: linked:latest\n", s.id()},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := start(t)
			for range 2 { // a second time changes nothing
				if out := e.mustLoad(test.archive); out != test.want {
					t.Errorf("got %q, want %q", out, test.want)
				}
			}
			i := e.mustGet(test.id)
			if i.Config.Cmd[0] != "sh" || !i.Created.Equal(epoch) {
				t.Errorf("config %+v created %v", i.Config, i.Created)
			}
			// The collector takes none of it, and the files are there.
			e.left()
			mounts, err := e.Prepare(e.ctx, i, "c1")
			check(t, err)
			check(t, mount.WithTempMount(e.ctx, mounts, func(root string) error {
				if strings.Contains(test.want, "other") || strings.Contains(test.want, "empty") {
					return nil
				}
				motd, err := os.ReadFile(filepath.Join(root, "etc/motd"))
				if string(motd) != "hello" {
					t.Errorf("read %q, %v", motd, err)
				}
				return err
			}))
			check(t, e.Release(e.ctx, "c1"))
			for _, i := range must(e.all(e.ctx)) {
				_, err := e.rmi(i.ID, forced)
				check(t, err)
			}
			e.wantNothingLeft()
		})
	}
}

// linked is an archive as old versions of docker save wrote it: a layer that
// was there already is a link.
func linked(s spec) []byte {
	config := s.id()[len("sha256:"):] + ".json"
	return tarOf(
		file{name: config, content: string(s.config())},
		file{name: "real/layer.tar", content: string(s.layers[0])},
		file{name: "link/layer.tar", kind: tar.TypeSymlink, link: "../real/layer.tar"},
		file{name: "two/layer.tar", content: string(s.layers[1])},
		file{name: "repositories", content: ""},
		file{name: "manifest.json", content: string(asJSON([]any{map[string]any{
			"Config": config, "RepoTags": []string{"linked:latest"}, "Layers": []string{"link/layer.tar", "two/layer.tar"},
		}}))},
	)
}

func TestLoadBadArchives(t *testing.T) {
	s := busybox("busybox")
	good := dockerArchive(s)
	oci := s.oci(false)
	entry := []any{oci[0].descriptor()}
	manifest := func(m map[string]any) []byte {
		return tarOf(file{name: "c.json", content: string(s.config())}, file{name: "l.tar", content: string(s.layers[0])},
			file{name: "m.tar", content: string(s.layers[1])}, file{name: "manifest.json", content: string(asJSON([]any{m}))})
	}
	lie := blob{ociManifest, asJSON(map[string]any{
		"schemaVersion": 2, "mediaType": ociManifest, "config": oci[1].descriptor(),
		"layers": []any{oci[3].descriptor(), oci[2].descriptor()},
	})} // in the wrong order
	nested := blob{ociIndex, nil}
	large := tarOf(file{name: "c.json", content: strings.Repeat(" ", maxJSON+1)}, file{name: "l.tar"},
		file{name: "manifest.json", content: `[{"Config":"c.json","Layers":["l.tar"]}]`})
	for _, test := range []struct {
		name    string
		archive []byte
		want    string
	}{
		{"no tar", []byte("root:x:0:0:root:/root:/bin/sh\n" + strings.Repeat("more text\n", 100)), "invalid tar header"},
		{"empty", nil, "unrecognized image format"},
		{"tar without an image", tarOf(file{name: "etc/passwd", content: "x"}), "unrecognized image format"},
		{"cut in a header", good[:700], "unexpected EOF"},
		{"cut in a layer", good[:bytes.Index(good, []byte("/layer.tar"))+1000], "EOF"},
		{"cut gzip", gzipped(good)[:200], "EOF"},
		{"no images", tarOf(file{name: "manifest.json", content: "[]"}), "no image"},
		{"manifest is no JSON", tarOf(file{name: "manifest.json", content: "{"}), "manifest.json"},
		{"manifest of another shape", tarOf(file{name: "manifest.json", content: `{"Config":"x"}`}), "manifest.json"},
		{"configuration missing", manifest(map[string]any{"Config": "x.json", "Layers": []string{"l.tar", "m.tar"}}), `"x.json" not found`},
		{"layer missing", manifest(map[string]any{"Config": "c.json", "Layers": []string{"l.tar", "nosuch"}}), `"nosuch" not found`},
		{"too few layers", manifest(map[string]any{"Config": "c.json", "Layers": []string{"l.tar"}}), "layers length mismatch"},
		{"other layers", manifest(map[string]any{"Config": "c.json", "Layers": []string{"m.tar", "l.tar"}}), "not what the image says"},
		{"a layer that is no tar", manifest(map[string]any{"Config": "c.json", "Layers": []string{"c.json", "c.json"}}), "layer"},
		{"name with spaces", manifest(map[string]any{"Config": "c.json", "RepoTags": []string{"a b"}, "Layers": []string{"l.tar", "m.tar"}}), "invalid"},
		{"name in capitals", manifest(map[string]any{"Config": "c.json", "RepoTags": []string{"UPPER:1"}, "Layers": []string{"l.tar", "m.tar"}}), "invalid"},
		{"path outside as layer", manifest(map[string]any{"Config": "../../../../etc/passwd", "Layers": []string{"/etc/passwd"}}), "not found"},
		{"configuration is huge", large, "too large"},
		{"link to nothing", tarOf(file{name: "a", kind: tar.TypeSymlink, link: "../../etc/passwd"}, file{name: "manifest.json", content: "[]"}), "no target"},
		{"OCI of a version to come", tarOf(file{name: "oci-layout", content: `{"imageLayoutVersion":"9.0.0"}`}), "unsupported OCI version"},
		{"OCI without index", tarOf(file{name: "oci-layout", content: `{"imageLayoutVersion":"1.0.0"}`}), "index.json"},
		{"OCI without manifest", ociArchive(entry, oci[1:]...), "not found"},
		{"OCI without configuration", ociArchive(entry, oci[0], oci[2], oci[3]), "not found"},
		{"OCI without a layer", ociArchive(entry, oci[:3]...), "is missing"},
		{"OCI digests of others", ociArchive([]any{lie.descriptor()}, append(oci[1:], lie)...), "not what the image says"},
		{"OCI a digest that is none", ociArchive([]any{map[string]any{"mediaType": ociManifest, "digest": "sha256:../../x", "size": 3}}, oci...), "digest"},
		{"OCI no match for the platform", ociArchive([]any{
			oci[0].with("platform", map[string]string{"os": "plan9", "architecture": "vax"}),
			blob{ociIndex, asJSON(map[string]any{"schemaVersion": 2, "manifests": []any{oci[0].with("platform", map[string]string{"os": "plan9", "architecture": "vax"})}})}.descriptor(),
		}, oci...), "not found"},
		{"OCI no image at all", ociArchive([]any{nested.descriptor()}, nested), "is not valid"},
		{"OCI a layer as manifest", ociArchive([]any{blob{ociLayer, s.layers[0]}.descriptor()}, blob{ociLayer, s.layers[0]}), "not an image"},
		{"OCI something else", ociArchive([]any{helm().descriptor()}, helm(), blob{"application/x", []byte("{}")}), "not an image that can run"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := start(t)
			out, err := e.load(test.archive)
			wantError(t, err, test.want)
			if errdefs.ToHTTP(err) != 400 {
				t.Errorf("status %d for %v", errdefs.ToHTTP(err), err)
			}
			if strings.Contains(out, "Loaded") || strings.Contains(err.Error(), "\n") {
				t.Errorf("told %q, %q", out, err)
			}
			e.wantNothingLeft()
		})
	}
}

// helm is a manifest of something that cannot run.
func helm() blob {
	return blob{ociManifest, asJSON(map[string]any{
		"schemaVersion": 2, "mediaType": ociManifest,
		"config": blob{"application/x", []byte("{}")}.descriptor(), "layers": []any{},
	})}
}

// A layer cannot write outside of the image, whatever its names are.
func TestLoadHostileLayers(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "planted")
	for name, layer := range map[string][]byte{
		"dots":                 tarOf(file{name: "../../../../../../../.." + outside, content: "x"}),
		"absolute":             tarOf(file{name: outside, content: "x"}),
		"through a link":       tarOf(file{name: "l", kind: tar.TypeSymlink, link: filepath.Dir(outside)}, file{name: "l/planted", content: "x"}),
		"hard link to outside": tarOf(file{name: "h", kind: tar.TypeLink, link: "../../../../../../../../etc/passwd"}),
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t)
			s := spec{tags: []string{"hostile"}, layers: [][]byte{layer}}
			if _, err := e.load(dockerArchive(s)); err == nil {
				_, err := e.rmi("hostile", unforced)
				check(t, err)
			}
			if _, err := os.Lstat(outside); err == nil {
				t.Error("written outside")
			}
			e.wantNothingLeft()
		})
	}
}

// One image that is not right keeps the others out too.
func TestLoadAllOrNone(t *testing.T) {
	e := start(t)
	bad := spec{tags: []string{"bad"}, layers: [][]byte{[]byte("this is no tar" + strings.Repeat(".", 1000))}}
	_, err := e.load(dockerArchive(busybox("good"), bad))
	wantError(t, err, "layer")
	e.wantNothingLeft()
}

// A layer that lies is not taken either when the one it claims to be is here.
func TestLoadChangedLayer(t *testing.T) {
	s := busybox("busybox")
	files := func(layer []byte) []byte {
		return tarOf(file{name: "c.json", content: string(s.config())}, file{name: "0", content: string(s.layers[0])}, file{name: "1", content: string(layer)},
			file{name: "manifest.json", content: string(asJSON([]any{dockerEntry{"c.json", s.tags, []string{"0", "1"}}}))})
	}
	lie := tarOf(file{name: "etc/motd", content: "planted"})
	for name, test := range map[string]struct {
		layer []byte
		want  string
	}{
		"plain": {lie, "not what the image says"}, "compressed": {gzipped(lie), "not what the image says"},
		"cut": {gzipped(s.layers[1])[:40], "EOF"}, "the same, compressed": {gzipped(s.layers[1]), ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t)
			e.mustLoad(dockerArchive(s))
			before := e.left()
			_, err := e.load(files(test.layer))
			if test.want == "" {
				check(t, err)
			} else {
				wantError(t, err, test.want)
				if errdefs.ToHTTP(err) != 400 {
					t.Errorf("status of %v", err)
				}
				if after := e.left(); after != before {
					t.Errorf("left %+v, was %+v", after, before)
				}
			}
			data, err := e.save("busybox")
			check(t, err)
			other := start(t)
			other.mustLoad(data)
			other.mustGet(s.id())
		})
	}
}

func TestLoadMovesTag(t *testing.T) {
	e := start(t)
	old, renewed := busybox("box:1"), spec{tags: []string{"box:1"}, layers: busybox().layers[:1]}
	e.mustLoad(dockerArchive(old))
	want := "The image box:1 already exists, renaming the old one with ID " + old.id() + " to empty string\nLoaded image: box:1\n"
	if out := e.mustLoad(dockerArchive(renewed)); out != want {
		t.Errorf("got %q", out)
	}
	if i := e.mustGet("box:1"); i.ID != renewed.id() {
		t.Error("the tag leads to the old image")
	}
	if i := e.mustGet(old.id()); len(i.RepoTags) != 0 || len(i.records) != 1 {
		t.Errorf("the old one has %v, %v", i.RepoTags, i.records)
	}
	// A name again, and the record that kept it goes.
	e.tag(old.id(), "old")
	if i := e.mustGet("old"); len(i.records) != 1 {
		t.Errorf("records %v", i.records)
	}
}

func TestLoadCancelled(t *testing.T) {
	e := start(t)
	ctx, cancel := context.WithCancel(e.ctx)
	archive := dockerArchive(busybox("busybox"))
	in, out := io.Pipe()
	go func() {
		_, _ = out.Write(archive[:len(archive)/2])
		cancel()
		out.CloseWithError(context.Canceled)
	}()
	if err := e.Load(ctx, in, func(any) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	e.wantNothingLeft()
}

// The client goes while its layers are unpacked.
func TestLoadClientGone(t *testing.T) {
	e := start(t)
	gone := errors.New("client is gone")
	err := e.Load(e.ctx, strings.NewReader(string(dockerArchive(busybox("busybox")))), func(any) error { return gone })
	if !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

func TestLoadDiskFull(t *testing.T) {
	needRoot(t)
	for _, test := range []struct {
		name string
		size string // of the disk, for a layer of 4 MiB
	}{
		{"while the archive is read", "3m"},
		{"while it is unpacked", "7m"},
	} {
		t.Run(test.name, func(t *testing.T) {
			disk := t.TempDir()
			check(t, unix.Mount("tmpfs", disk, "tmpfs", 0, "size="+test.size))
			t.Cleanup(func() { check(t, unix.Unmount(disk, unix.MNT_DETACH)) })
			e := startAt(t, disk, disk)
			big := spec{tags: []string{"big"}, layers: [][]byte{tarOf(file{name: "big", content: strings.Repeat("0123456789abcdef", 4<<20/16)})}}
			for range 3 {
				_, err := e.load(dockerArchive(big))
				wantError(t, err, "no space left on device")
				if errdefs.ToHTTP(err) != 500 {
					t.Errorf("status %d", errdefs.ToHTTP(err))
				}
				e.wantNothingLeft()
				check(t, filepath.WalkDir(disk, func(path string, d os.DirEntry, err error) error {
					if info, err := d.Info(); err == nil && info.Mode().IsRegular() && info.Size() > 1<<20 {
						t.Errorf("%s has %d bytes", path, info.Size())
					}
					return err
				}))
			}
			// What fits still goes in.
			e.mustLoad(dockerArchive(busybox("busybox")))
		})
	}
}

// What an engine that was killed left is dropped by the next one.
func TestRestore(t *testing.T) {
	e := start(t)
	ctx, in, err := e.begin(e.ctx)
	check(t, err)
	w, err := in.Writer(ctx, withRef("half"))
	check(t, err)
	_, err = w.Write([]byte("half a la"))
	check(t, err)
	check(t, w.Close())
	_, err = writeJSON(ctx, in, ociConfig, map[string]string{"nobody": "wants this"})
	check(t, err)
	if l := e.left(); l.ingests != 1 || l.blobs != 1 || l.leases != 1 {
		t.Fatalf("left %+v", l)
	}
	check(t, New(e.Config).Restore(e.ctx))
	e.wantNothingLeft()
}

func TestGetErrors(t *testing.T) {
	e := start(t)
	e.mustLoad(dockerArchive(busybox("busybox")))
	id := busybox().id()
	for name, want := range map[string]string{
		"nosuch":                   "No such image: nosuch:latest",
		"nosuch:1":                 "No such image: nosuch:1",
		"busybox:1":                "No such image: busybox:1",
		"docker.io/library/x":      "No such image: x:latest",
		id[:20] + "0000":           "No such image: " + id[:20] + "0000",
		"sha256:" + id[7:70] + "0": "No such image: sha256:" + id[7:70] + "0",
		"UPPER":                    "invalid reference format",
		"":                         "invalid reference format",
		"a b":                      "invalid reference format",
	} {
		_, err := e.Get(e.ctx, name)
		if name == id[:20]+"0000" {
			want = "No such image" // it reads as a name with a tag
		}
		wantError(t, err, want)
		if strings.HasPrefix(want, "No such") != cerrdefs.IsNotFound(err) {
			t.Errorf("%q: class of %v", name, err)
		}
	}
	for _, name := range []string{"busybox", "busybox:latest", "docker.io/busybox", "docker.io/library/busybox:latest", id, id[7:], id[7:19], id[:12]} {
		if i, err := e.Get(e.ctx, name); err != nil || i.ID != id {
			t.Errorf("%q: %v", name, err)
		}
	}
}
