package images

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/labels"
	"github.com/containerd/containerd/v2/pkg/rootfs"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/errdefs"
)

// unpackProgress is told how far a layer is that has to be unpacked. Nil is nobody
// to tell.
type unpackProgress func(layer int, state layerState)

type layerState int

const (
	extracting layerState = iota
	extracted
)

// unpack makes a snapshot of each of an image's layers that has none, from the
// bottom up, and ties them to the image.
func (in *session) unpack(ctx context.Context, m *manifest, progress unpackProgress) error {
	s := in.service
	if progress == nil {
		progress = func(int, layerState) {}
	}
	select {
	case <-s.unpacking:
		defer func() { s.unpacking <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	diffIDs := m.file.RootFS.DiffIDs
	for i, blob := range m.layers {
		if err := in.hold(ctx, "snapshots/"+s.Snapshotter, m.chains[i].String()); err != nil {
			return err
		}
		_, err := s.Snapshots.Stat(ctx, m.chains[i].String())
		if err == nil {
			if err := in.verify(ctx, blob, diffIDs[i]); err != nil {
				return err
			}
			continue
		}
		if !cerrdefs.IsNotFound(err) {
			return err
		}
		progress(i, extracting)
		layer := rootfs.Layer{Diff: ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: diffIDs[i]}, Blob: blob}
		below := slices.Clip(slices.Clone(diffIDs[:i]))
		if _, err := rootfs.ApplyLayerWithOpts(ctx, layer, below, s.Snapshots, s.Applier, nil, nil); err != nil {
			in.full = isFull(err)
			return unpackFailed(ctx, diffIDs[i], err)
		}
		if err := s.label(ctx, blob.Digest, labels.LabelUncompressed, diffIDs[i].String()); err != nil {
			return err
		}
		progress(i, extracted)
	}
	return s.tie(ctx, m)
}

// verify checks that a layer is what the image says, although it is unpacked
// already: from another blob, or by an image that told the truth.
func (in *session) verify(ctx context.Context, blob ocispec.Descriptor, want digest.Digest) error {
	got, err := images.GetDiffID(ctx, in.Store, blob)
	if err != nil {
		return unpackFailed(ctx, want, err)
	}
	if got != want {
		return errdefs.Invalid("layer %s is not what the image says it is: it is %s", short(want), got)
	}
	return nil
}

// tie lets the collector know what belongs to an image: the manifest leads to
// the configuration and the layers, the configuration to the top snapshot.
func (s *stores) tie(ctx context.Context, m *manifest) error {
	children := images.SetChildrenLabels(s.Content, images.ChildrenHandler(limitedProvider{s.Content}))
	if _, err := children.Handle(ctx, m.target); err != nil {
		return err
	}
	if m.chain() == "" {
		return nil
	}
	return s.label(ctx, m.config.Digest, "containerd.io/gc.ref.snapshot."+s.Snapshotter, m.chain())
}

func (s *stores) label(ctx context.Context, blob digest.Digest, key, value string) error {
	_, err := s.Content.Update(ctx, content.Info{Digest: blob, Labels: map[string]string{key: value}}, "labels."+key)
	return err
}

// unpackFailed says whose fault it is that a layer cannot be unpacked.
func unpackFailed(ctx context.Context, layer digest.Digest, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case isFull(err):
		return errdefs.Internal("failed to unpack layer %s: no space left on device", short(layer))
	case strings.Contains(err.Error(), "wrong diff id"):
		return errdefs.Invalid("layer %s is not what the image says it is: %w", short(layer), err)
	case cerrdefs.IsNotFound(err):
		return errdefs.Invalid("layer %s is not there: %w", short(layer), err)
	}
	if fault, ok := tarFault(err); ok {
		return errdefs.Invalid("layer %s: %s", short(layer), fault)
	}
	return errdefs.Internal("failed to unpack layer %s: %w", short(layer), err)
}

// tarFault is what is wrong with an archive, if that is what an error is about.
// Through gRPC only the text comes, and it tells of mounts that are nobody's
// business.
func tarFault(err error) (string, bool) {
	for _, fault := range []string{"archive/tar: ", "unexpected EOF", "gzip: ", "flate: "} {
		if at := strings.LastIndex(err.Error(), fault); at >= 0 {
			return err.Error()[at:], true
		}
	}
	return "", false
}

// whole checks that the blobs of an image are there, and keeps them so: some may
// be another image's, which goes meanwhile.
func (in *session) whole(ctx context.Context, m *manifest) error {
	for _, d := range append([]ocispec.Descriptor{m.config}, m.layers...) {
		if err := d.Digest.Validate(); err != nil {
			return errdefs.Invalid("invalid digest %q: %w", d.Digest, err)
		}
		if err := in.hold(ctx, "content", d.Digest.String()); err != nil {
			return err
		}
		info, err := in.Info(ctx, d.Digest)
		switch {
		case cerrdefs.IsNotFound(err):
			return errdefs.Invalid("%s, which the image is made of, is missing", d.Digest)
		case err != nil:
			return err
		case d.Size > 0 && info.Size != d.Size:
			return errdefs.Invalid("%s has %d bytes and not %d", d.Digest, info.Size, d.Size)
		}
	}
	return nil
}

// cancelled is the error of a request that ended early, which matters more than
// what failed because of it.
func cancelled(ctx context.Context, err error) error {
	if ctx.Err() != nil && err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return err
}
