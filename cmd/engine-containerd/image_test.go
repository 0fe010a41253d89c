package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/images/archive"
	"github.com/containerd/containerd/v2/core/leases"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/rootfs"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	imageid "github.com/opencontainers/image-spec/identity"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const imageName = "docker.io/library/busybox:latest"

// busyboxTar is the path of a docker-archive of an image made of the machine's
// static busybox.
var busyboxTar = sync.OnceValues(func() (string, error) {
	binary, err := exec.LookPath("busybox")
	if err != nil {
		return "", err
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		return "", err
	}
	layer := newTar()
	for _, dir := range []string{"bin", "dev", "proc", "sys", "tmp"} {
		layer.add(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}, nil)
	}
	layer.add(&tar.Header{Name: "bin/busybox", Mode: 0o755}, program)
	for _, applet := range []string{"sh", "true", "false", "cat", "echo", "sleep", "stty", "dd"} {
		layer.add(&tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + applet, Linkname: "busybox", Mode: 0o777}, nil)
	}
	files := layer.bytes()
	config := marshal(map[string]any{
		"architecture": platforms.DefaultSpec().Architecture, "os": "linux",
		"config": map[string]any{"Env": []string{"PATH=/bin"}, "Cmd": []string{"sh"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []digest.Digest{digest.FromBytes(files)}},
	})
	configName := fmt.Sprintf("%x.json", sha256.Sum256(config))
	image := newTar()
	image.add(&tar.Header{Name: "layer.tar", Mode: 0o644}, files)
	image.add(&tar.Header{Name: configName, Mode: 0o644}, config)
	image.add(&tar.Header{Name: "manifest.json", Mode: 0o644}, marshal([]any{
		map[string]any{"Config": configName, "RepoTags": []string{"busybox:latest"}, "Layers": []string{"layer.tar"}},
	}))
	path := filepath.Join(scratch, "busybox.tar")
	return path, os.WriteFile(path, image.bytes(), 0o600)
})

// load brings the image in as the daemon does: under a lease into the content
// store, unpacked, then named, all over gRPC. It is nothing the second time.
func (h *host) load() (chain digest.Digest) {
	h.t.Helper()
	path, err := busyboxTar()
	if err != nil {
		h.t.Fatal(err)
	}
	if chain, err = h.loadFrom(h.context(), path); err != nil {
		h.t.Fatalf("load: %v", err)
	}
	return chain
}

func (h *host) loadFrom(ctx context.Context, path string) (chain digest.Digest, err error) {
	s := h.Stores()
	if i, err := s.Images.Get(ctx, imageName); err == nil {
		diffs, err := i.RootFS(ctx, s.Content, platforms.Default())
		return imageid.ChainID(diffs), err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	lease, err := s.Leases.Create(ctx, leases.WithRandomID())
	if err != nil {
		return "", err
	}
	defer s.Leases.Delete(ctx, lease)
	ctx = leases.WithLease(namespaces.WithNamespace(ctx, "test"), lease.ID)
	index, err := archive.ImportIndex(ctx, s.Content, f)
	if err != nil {
		return "", err
	}
	var parsed ocispec.Index
	data, err := content.ReadBlob(ctx, s.Content, index)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(data, &parsed); err != nil {
		return "", err
	}
	target := parsed.Manifests[0]
	label := images.SetChildrenMappedLabels(s.Content, images.ChildrenHandler(s.Content), nil)
	if err := images.Walk(ctx, label, target); err != nil {
		return "", err
	}
	manifest, err := images.Manifest(ctx, s.Content, target, platforms.Default())
	if err != nil {
		return "", err
	}
	diffs, err := images.RootFS(ctx, s.Content, manifest.Config)
	if err != nil {
		return "", err
	}
	var layers []rootfs.Layer
	for i, d := range diffs {
		layers = append(layers, rootfs.Layer{Diff: ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: d}, Blob: manifest.Layers[i]})
	}
	if chain, err = rootfs.ApplyLayers(ctx, layers, s.Snapshots, s.Applier()); err != nil {
		return "", err
	}
	// The image keeps its content, and its configuration the unpacked layers.
	_, err = s.Content.Update(ctx, content.Info{
		Digest: manifest.Config.Digest,
		Labels: map[string]string{"containerd.io/gc.ref.snapshot.overlayfs": chain.String()},
	}, "labels.containerd.io/gc.ref.snapshot.overlayfs")
	if err != nil {
		return "", err
	}
	_, err = s.Images.Create(ctx, images.Image{Name: imageName, Target: target})
	return chain, err
}

func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// memoryTar writes a tar in memory, which fails only for headers that cannot be.
type memoryTar struct {
	buf bytes.Buffer
	w   *tar.Writer
}

func newTar() *memoryTar {
	t := &memoryTar{}
	t.w = tar.NewWriter(&t.buf)
	return t
}

func (t *memoryTar) add(h *tar.Header, data []byte) {
	h.Size = int64(len(data))
	if err := t.w.WriteHeader(h); err != nil {
		panic(err)
	}
	if _, err := t.w.Write(data); err != nil {
		panic(err)
	}
}

func (t *memoryTar) bytes() []byte {
	if err := t.w.Close(); err != nil {
		panic(err)
	}
	return t.buf.Bytes()
}
