package images

import (
	"context"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/pkg/rootfs"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/errdefs"
)

// keepLabel keeps a snapshot from being collected as long as it is there.
const keepLabel = "containerd.io/gc.root"

// Prepare makes the writable snapshot of a container, on top of the image's
// layers. key names it.
func (s *Service) Prepare(ctx context.Context, i Image, key string) error {
	chain := identity.ChainID(i.Config.RootFS.DiffIDs)
	if _, err := s.Snapshots.Stat(ctx, chain.String()); err != nil {
		if !cerrdefs.IsNotFound(err) {
			return err
		}
		if err := s.leased(ctx, func(ctx context.Context) error { return s.unpack(ctx, i) }); err != nil {
			return err
		}
	}
	labels := map[string]string{keepLabel: time.Now().UTC().Format(time.RFC3339)}
	_, err := s.Snapshots.Prepare(ctx, key, chain.String(), snapshots.WithLabels(labels))
	return err
}

// Mounts are how a container's root file system is mounted.
func (s *Service) Mounts(ctx context.Context, key string) ([]mount.Mount, error) {
	return s.Snapshots.Mounts(ctx, key)
}

// Release removes the snapshot of a container.
func (s *Service) Release(ctx context.Context, key string) error {
	err := s.Snapshots.Remove(ctx, key)
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	return err
}

// Usage is the size of what a container has written, in bytes.
func (s *Service) Usage(ctx context.Context, key string) (int64, error) {
	u, err := s.Snapshots.Usage(ctx, key)
	return u.Size, err
}

// unpack makes a snapshot of each layer, each on top of the one before.
func (s *Service) unpack(ctx context.Context, i Image) error {
	if len(i.Layers) != len(i.Config.RootFS.DiffIDs) {
		return errdefs.Invalid("image %s has %d layers and names %d", i.ID, len(i.Layers), len(i.Config.RootFS.DiffIDs))
	}
	var layers []rootfs.Layer
	for n, blob := range i.Layers {
		layers = append(layers, rootfs.Layer{
			Diff: ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: i.Config.RootFS.DiffIDs[n]},
			Blob: blob,
		})
	}
	chain, err := rootfs.ApplyLayers(ctx, layers, s.Snapshots, s.Applier)
	if err != nil {
		return err
	}
	return s.keepWith(ctx, i, chain)
}

// keepWith ties the unpacked layers to the image's config, so that they are
// collected together.
func (s *Service) keepWith(ctx context.Context, i Image, chain digest.Digest) error {
	info, err := s.Content.Info(ctx, i.ID)
	if err != nil {
		return err
	}
	const label = "containerd.io/gc.ref.snapshot.overlayfs"
	if info.Labels == nil {
		info.Labels = map[string]string{}
	}
	info.Labels[label] = chain.String()
	_, err = s.Content.Update(ctx, info, "labels."+label)
	return err
}

// sizeOnDisk is the size of an image's unpacked layers, or of its content where
// they are not unpacked.
func (s *Service) sizeOnDisk(ctx context.Context, i Image) int64 {
	var size int64
	chain := identity.ChainIDs(append([]digest.Digest{}, i.Config.RootFS.DiffIDs...))
	for _, c := range chain {
		u, err := s.Snapshots.Usage(ctx, c.String())
		if err != nil {
			return i.Size
		}
		size += u.Size
	}
	return size
}
