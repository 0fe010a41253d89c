package images

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/archive/compression"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Import makes an image of one layer from the archive of a filesystem,
// compressed or not.
func (s *arrivals) Import(ctx context.Context, tar io.Reader, opts types.ImageImportOptions, progress types.Progress) error {
	file, err := importedFile(opts)
	if err != nil {
		return err
	}
	var names []reference.Named
	if opts.Repository != "" {
		name, err := parseTag(opts.Repository, opts.Tag)
		if err != nil {
			return err
		}
		names = append(names, name)
	}
	ctx, in, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer in.end(ctx)
	layer, err := writeLayer(ctx, in, tar)
	if err != nil {
		return err
	}
	file.RootFS = ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{layer.Digest}}
	m, err := s.compose(ctx, in, file, layer)
	if err != nil {
		return err
	}
	if err := in.unpack(ctx, m, nil); err != nil {
		return err
	}
	s.names.Lock()
	defer s.names.Unlock()
	if err := s.give(ctx, m, names...); err != nil {
		return err
	}
	id := m.config.Digest.String()
	s.event(events.ActionImport, id, id, file.Config.Labels)
	return report(progress).status("", id)
}

// importedFile is the configuration of an image that is imported.
func importedFile(opts types.ImageImportOptions) (configFile, error) {
	now := time.Now().UTC()
	message := opts.Message
	if message == "" {
		message = "Imported from -"
	}
	var file configFile
	file.Created, file.Comment = &now, message
	file.Platform = platforms.DefaultSpec()
	if opts.Platform != "" {
		p, err := platforms.Parse(opts.Platform)
		if err != nil {
			return file, errdefs.Invalid("invalid platform %q: %w", opts.Platform, err)
		}
		file.Platform = p
	}
	if file.OS != "linux" {
		return file, errdefs.Invalid("operating system %q is not supported", file.OS)
	}
	file.History = []ocispec.History{{Created: &now, Comment: message}}
	return file, change(&file.Config, opts.Changes)
}

// writeLayer puts an archive into the content store, as a layer that is not
// compressed, whose digest is that of what is unpacked.
func writeLayer(ctx context.Context, in *session, tar io.Reader) (ocispec.Descriptor, error) {
	layer := ocispec.Descriptor{MediaType: images.MediaTypeDockerSchema2Layer}
	input := &inputReader{Reader: tar}
	plain, err := compression.DecompressStream(input)
	if err != nil {
		return layer, archiveFailed(ctx, in, input, err)
	}
	defer plain.Close()
	w, err := content.OpenWriter(ctx, in, content.WithRef("import"))
	if err != nil {
		return layer, err
	}
	defer w.Close()
	if layer.Size, err = io.Copy(w, plain); err != nil {
		return layer, archiveFailed(ctx, in, input, err)
	}
	layer.Digest = w.Digest()
	if err := w.Commit(ctx, layer.Size, layer.Digest); err != nil && !cerrdefs.IsAlreadyExists(err) {
		return layer, err
	}
	return layer, nil
}

// compose writes the configuration and the manifest of an image.
func (s *arrivals) compose(ctx context.Context, in *session, file configFile, layers ...ocispec.Descriptor) (*manifest, error) {
	config, err := writeJSON(ctx, in, images.MediaTypeDockerSchema2Config, file)
	if err != nil {
		return nil, err
	}
	target, err := writeJSON(ctx, in, images.MediaTypeDockerSchema2Manifest, ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: images.MediaTypeDockerSchema2Manifest,
		Config:    config, Layers: layers,
	})
	if err != nil {
		return nil, err
	}
	return readManifest(ctx, in, target, s.Platform)
}

func writeJSON(ctx context.Context, in *session, mediaType string, v any) (ocispec.Descriptor, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	d := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	return d, content.WriteBlob(ctx, in, d.Digest.String(), bytes.NewReader(data), d)
}
