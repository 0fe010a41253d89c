package images

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"syscall"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/images/archive"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/jsonstream"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Load takes in the images of a tar, in docker's or OCI's form.
func (s *Service) Load(ctx context.Context, tar io.Reader, progress types.Progress) error {
	return s.leased(ctx, func(ctx context.Context) error {
		index, err := archive.ImportIndex(ctx, s.Content, tar)
		if err != nil {
			return badTar(err)
		}
		data, err := content.ReadBlob(ctx, s.Content, index)
		if err != nil {
			return err
		}
		var found ocispec.Index
		if err := json.Unmarshal(data, &found); err != nil {
			return errdefs.Invalid("invalid archive: %v", err)
		}
		if len(found.Manifests) == 0 {
			return errdefs.Invalid("invalid archive: it has no image")
		}
		for _, manifest := range found.Manifests {
			if err := s.take(ctx, manifest, progress); err != nil {
				return err
			}
		}
		return nil
	})
}

// take unpacks one image of an archive and gives it its name.
func (s *Service) take(ctx context.Context, manifest ocispec.Descriptor, progress types.Progress) error {
	name := manifest.Annotations[images.AnnotationImageName]
	if name == "" {
		name = manifest.Annotations[ocispec.AnnotationRefName]
	}
	manifest.Annotations = nil
	i, err := s.read(ctx, manifest)
	if err != nil {
		return errdefs.Invalid("invalid archive: %w", err)
	}
	if err := s.complete(ctx, i); err != nil {
		return err
	}
	if err := s.unpack(ctx, i); err != nil {
		return badTar(err)
	}
	if err := s.labelChildren(ctx, manifest); err != nil {
		return err
	}
	named, err := Normalize(name)
	if name == "" || err != nil || isHex(name) {
		record := images.Image{Name: danglingPrefix + i.ID.String(), Target: manifest}
		if all, err := s.byID(ctx, i.ID.String()); err != nil || len(all.Records) == 0 {
			if err := s.name(ctx, record); err != nil {
				return err
			}
		}
		s.Event(events.ActionLoad, i.ID.String(), i.ID.String())
		return progress(jsonstream.Message{Stream: "Loaded image ID: " + i.ID.String() + "\n"})
	}
	if err := s.name(ctx, images.Image{Name: named.String(), Target: manifest}); err != nil {
		return err
	}
	if err := s.undangle(ctx, i.ID); err != nil {
		return err
	}
	s.Event(events.ActionLoad, i.ID.String(), reference.FamiliarString(named))
	return progress(jsonstream.Message{Stream: "Loaded image: " + reference.FamiliarString(named) + "\n"})
}

// complete fails if a layer of the image is not here.
func (s *Service) complete(ctx context.Context, i Image) error {
	for _, l := range i.Layers {
		if _, err := s.Content.Info(ctx, l.Digest); err != nil {
			return errdefs.Invalid("invalid archive: layer %s is missing", l.Digest)
		}
	}
	return nil
}

// labelChildren ties manifest, config and layers together for the garbage
// collector.
func (s *Service) labelChildren(ctx context.Context, manifest ocispec.Descriptor) error {
	children := images.SetChildrenMappedLabels(s.Content, images.FilterPlatforms(images.ChildrenHandler(s.Content), s.platform), images.ChildGCLabels)
	return images.Walk(ctx, children, manifest)
}

// badTar is the class of an error about a tar: the client's fault, unless the
// disk is full.
func badTar(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), syscall.ENOSPC.Error()):
		return errdefs.Internal("no space left on device: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errdefs.Invalid("the archive ends too early: unexpected EOF")
	case errors.Is(err, context.Canceled):
		return err
	}
	return errdefs.Invalid("invalid archive: %w", err)
}
