package main

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/leases"
	"github.com/containerd/containerd/v2/pkg/namespaces"
)

// TestCollect takes an image's name away: its content and its snapshots go once
// neither a lease nor a container needs them.
func TestCollect(t *testing.T) {
	h := newHost(t, ours)
	ctx := h.context()
	s := h.Stores()
	id, _ := h.run("c", "sleep", "1000")
	lease, err := s.Leases.Create(ctx, leases.WithRandomID())
	if err != nil {
		t.Fatal(err)
	}
	image, err := s.Images.Get(ctx, imageName)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Leases.AddResource(ctx, lease, leases.Resource{ID: image.Target.Digest.String(), Type: "content"}); err != nil {
		t.Fatal(err)
	}

	if err := s.Images.Delete(ctx, imageName, images.SynchronousDelete()); err != nil {
		t.Fatal(err)
	}
	if blobs := h.files("root/io.containerd.content.v1.content/blobs"); len(blobs) != 3 {
		t.Errorf("under a lease the blobs are %v", blobs)
	}
	if err := s.Leases.Delete(ctx, lease, leases.SynchronousDelete); err != nil {
		t.Fatal(err)
	}
	if blobs := h.files("root/io.containerd.content.v1.content/blobs"); len(blobs) != 0 {
		t.Errorf("blobs that nothing needs: %v", blobs)
	}
	if layers := h.layers(); layers != 2 {
		t.Errorf("%d layers while the container is on them", layers)
	}
	// And the container does not mind.
	if _, err := h.Pids(ctx, id); err != nil {
		t.Error(err)
	}

	h.remove(id)
	// Nobody waits for this collection.
	h.eventually("the layers are collected", func() bool { return h.layers() == 0 })
}

// TestCollectAtStart leaves what nothing needs behind a killed containerd.
func TestCollectAtStart(t *testing.T) {
	h := newHost(t, ours)
	h.load()
	if err := h.Stores().Images.Delete(h.context(), imageName); err != nil {
		t.Fatal(err)
	}
	h.kill()
	h.start()
	h.eventually("all is collected", func() bool {
		return h.layers() == 0 && len(h.files("root/io.containerd.content.v1.content/blobs")) == 0
	})
}

// TestNamespacesAreApart looks at what one namespace sees of another.
func TestNamespacesAreApart(t *testing.T) {
	h := newHost(t, ours)
	h.load()
	elsewhere := namespaces.WithNamespace(context.WithoutCancel(h.context()), "elsewhere")
	// The client's own namespace is what counts, whatever the context says.
	if _, err := h.Stores().Images.Get(elsewhere, imageName); err != nil {
		t.Errorf("the image: %v", err)
	}
	if out, err := h.ctr("-n", "elsewhere", "images", "ls", "-q"); err != nil || strings.TrimSpace(out) != "" {
		t.Errorf("elsewhere there is %q, %v", out, err)
	}
}

// files is the files below a folder.
func (h *host) files(dir string) (found []string) {
	h.t.Helper()
	err := filepath.WalkDir(h.path(dir), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			found = append(found, d.Name())
		}
		return err
	})
	if err != nil {
		h.t.Error(err)
	}
	return found
}

// layers is how many folders of snapshots there are.
func (h *host) layers() int {
	found, _ := filepath.Glob(h.path("root/io.containerd.snapshotter.v1.overlayfs/snapshots/*"))
	return len(found)
}
