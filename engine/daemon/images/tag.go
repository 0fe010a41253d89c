package images

import (
	"context"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/errdefs"
)

// Tag gives an image another name.
func (s *Service) Tag(ctx context.Context, name, repository, tag string) error {
	named, err := tagged(repository, tag)
	if err != nil {
		return err
	}
	i, err := s.Get(ctx, name)
	if err != nil {
		return err
	}
	if err := s.name(ctx, images.Image{Name: named.String(), Target: i.Target}); err != nil {
		return err
	}
	if err := s.undangle(ctx, i.ID); err != nil {
		return err
	}
	s.Event(events.ActionTag, i.ID.String(), reference.FamiliarString(named))
	return nil
}

// tagged is the name of a repository with a tag, latest if there is none.
func tagged(repository, tag string) (reference.Named, error) {
	if tag != "" {
		repository += ":" + tag
	}
	named, err := Normalize(repository)
	if err != nil {
		return nil, err
	}
	if _, ok := named.(reference.Digested); ok {
		return nil, errdefs.Invalid("refusing to create a tag with a digest reference")
	}
	if named.Name() == "docker.io/library/scratch" {
		return nil, errdefs.Invalid("'scratch' is a reserved name")
	}
	return named, nil
}
