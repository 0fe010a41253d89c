package images

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/distribution/reference"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/moby/api/types/events"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// CommitOptions say what becomes of a container's changes.
type CommitOptions struct {
	Repository, Tag            string // empty leaves it without a name
	Author, Comment, CreatedBy string
	Config                     dockerspec.DockerOCIImageConfig
	Changes                    []string // lines of a Dockerfile, applied to Config
}

// Commit makes an image of another and one more layer, which pack writes.
func (s *arrivals) Commit(ctx context.Context, base Image, pack func(io.Writer) error, opts CommitOptions) (id string, err error) {
	var names []reference.Named
	if opts.Repository != "" {
		name, err := parseTag(opts.Repository, opts.Tag)
		if err != nil {
			return "", err
		}
		names = append(names, name)
	}
	if err := change(&opts.Config, opts.Changes); err != nil {
		return "", err
	}
	ctx, in, err := s.begin(ctx)
	if err != nil {
		return "", err
	}
	defer in.end(ctx)
	if err := in.whole(ctx, base.manifest); err != nil {
		return "", err
	}
	packed, packer := io.Pipe()
	go func() { packer.CloseWithError(pack(packer)) }()
	layer, err := writeLayer(ctx, in, packed)
	_ = packed.Close() // of what is not read any more
	if err != nil {
		return "", err
	}
	now := time.Now().UTC()
	file := base.manifest.file
	file.Created, file.Author, file.Comment, file.Config = &now, opts.Author, opts.Comment, opts.Config
	file.RootFS.DiffIDs = append(slices.Clone(file.RootFS.DiffIDs), layer.Digest)
	file.History = append(slices.Clone(file.History), ocispec.History{Created: &now, Author: opts.Author, Comment: opts.Comment, CreatedBy: opts.CreatedBy})
	m, err := s.compose(ctx, in, file, append(slices.Clone(base.manifest.layers), layer)...)
	if err != nil {
		return "", err
	}
	if err := in.unpack(ctx, m, nil); err != nil {
		return "", err
	}
	s.names.Lock()
	defer s.names.Unlock()
	if err := s.give(ctx, m, names...); err != nil {
		return "", err
	}
	id = m.config.Digest.String()
	s.event(events.ActionCreate, id, id, file.Config.Labels)
	for _, name := range names {
		s.event(events.ActionTag, id, reference.FamiliarString(name), file.Config.Labels)
	}
	return id, nil
}
