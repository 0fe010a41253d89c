package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/images/archive"
	"github.com/containerd/containerd/v2/pkg/archive/compression"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Load brings in the images of an archive, docker's or OCI's, compressed or not:
// all of them, or none if one is not right.
func (s *arrivals) Load(ctx context.Context, tar io.Reader, progress types.Progress) error {
	ctx, in, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer in.end(ctx)
	loads, err := s.readArchive(ctx, in, tar)
	if err != nil {
		return err
	}
	out := report(progress)
	for _, l := range loads {
		if err := in.unpack(ctx, l.manifest, out.loading(l.manifest)); err != nil {
			return err
		}
	}
	for _, l := range loads {
		if err := s.keep(ctx, l, out); err != nil {
			return err
		}
	}
	return nil
}

// loaded is one image of an archive and the names it has there.
type loaded struct {
	manifest *manifest
	names    []reference.Named
}

// readArchive puts the blobs of an archive into the content store and tells
// what images they make.
func (s *arrivals) readArchive(ctx context.Context, in *session, tar io.Reader) ([]loaded, error) {
	input := &inputReader{Reader: tar}
	plain, err := compression.DecompressStream(input)
	if err != nil {
		return nil, archiveFailed(ctx, in, input, err)
	}
	defer plain.Close()
	target, err := archive.ImportIndex(ctx, limitedSession{in}, plain)
	if err != nil {
		return nil, archiveFailed(ctx, in, input, err)
	}
	var index ocispec.Index
	if err := readJSON(ctx, in, target, &index); err != nil {
		return nil, err
	}
	if len(index.Manifests) == 0 {
		return nil, errdefs.Invalid("invalid archive: there is no image in it")
	}
	var loads []loaded
	for _, d := range index.Manifests {
		name, err := nameIn(d)
		if err != nil {
			return nil, err
		}
		if n := len(loads); n > 0 && loads[n-1].manifest.target.Digest == d.Digest && name != nil {
			loads[n-1].names = append(loads[n-1].names, name) // one image, another name
			continue
		}
		m, err := readManifest(ctx, in, d, s.Platform)
		if cerrdefs.IsNotFound(err) {
			err = errdefs.Invalid("invalid archive: %w", err)
		}
		if err != nil {
			return nil, err
		}
		if m.file.OS != "" && m.file.OS != "linux" {
			return nil, errdefs.Invalid("cannot load %s image on linux", m.file.OS)
		}
		if err := in.whole(ctx, m); err != nil {
			return nil, err
		}
		l := loaded{manifest: m}
		if name != nil {
			l.names = []reference.Named{name}
		}
		loads = append(loads, l)
	}
	return loads, nil
}

// nameIn is the name that an index gives to an image, or nil. A tag alone, which
// OCI allows, is the name of nothing here.
func nameIn(d ocispec.Descriptor) (reference.Named, error) {
	name := d.Annotations[images.AnnotationImageName]
	if name == "" {
		name = d.Annotations[ocispec.AnnotationRefName]
		if !strings.ContainsAny(name, "/:@") {
			return nil, nil
		}
	}
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil, errdefs.Invalid("invalid archive: the name %q: %w", name, err)
	}
	return reference.TagNameOnly(ref), nil
}

// keep gives an image that was loaded its names.
func (s *arrivals) keep(ctx context.Context, l loaded, out *reporter) error {
	s.names.Lock()
	defer s.names.Unlock()
	id := l.manifest.config.Digest
	for _, name := range l.names {
		old, err := s.lookup(ctx, name)
		if err != nil {
			return err
		}
		if old != "" && old != id {
			if err := out.line(fmt.Sprintf("The image %s already exists, renaming the old one with ID %s to empty string",
				reference.FamiliarString(name), old)); err != nil {
				return err
			}
		}
	}
	if err := s.give(ctx, l.manifest, l.names...); err != nil {
		return err
	}
	s.event(events.ActionLoad, id.String(), id.String(), l.manifest.file.Config.Labels)
	if len(l.names) == 0 {
		return out.line("Loaded image ID: " + id.String())
	}
	for _, name := range l.names {
		if err := out.line("Loaded image: " + reference.FamiliarString(name)); err != nil {
			return err
		}
	}
	return nil
}

// loading tells of an image's layers as docker load does.
func (r *reporter) loading(m *manifest) unpackProgress {
	return func(layer int, state layerState) {
		total := m.layers[layer].Size
		current := int64(0)
		if state == extracted {
			current = total
		}
		// A client that is gone is noticed by the next message that matters.
		_ = r.bar(short(m.file.RootFS.DiffIDs[layer]), "Loading layer", current, total)
	}
}

// limitedSession is a session whose manifests and configurations are small.
type limitedSession struct{ *session }

func (l limitedSession) ReaderAt(ctx context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	return limitedProvider{l.Store}.ReaderAt(ctx, d)
}

// inputReader notes that a client's archive could not be read to its end.
type inputReader struct {
	io.Reader
	failed error
}

func (i *inputReader) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		i.failed = err
	}
	return n, err
}

// archiveFailed says whose fault it is that an archive cannot be read: the
// client's that is gone, the store's, or the archive's.
func archiveFailed(ctx context.Context, in *session, input *inputReader, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case in.storeFailed() != nil:
		if isFull(in.storeFailed()) {
			return errdefs.Internal("failed to load the archive: no space left on device")
		}
		return errdefs.Internal("failed to load the archive: %w", in.storeFailed())
	case input.failed != nil:
		return errdefs.Invalid("failed to read the archive: %w", input.failed)
	}
	return errdefs.Invalid("invalid archive: %w", err)
}
