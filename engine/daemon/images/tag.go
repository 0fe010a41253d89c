package images

import (
	"context"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"
)

// Tag gives an image one more name.
func (s *catalog) Tag(ctx context.Context, name, repository, tag string) error {
	ref, err := parseTag(repository, tag)
	if err != nil {
		return err
	}
	s.names.Lock()
	defer s.names.Unlock()
	i, err := s.Get(ctx, name)
	if err != nil {
		return err
	}
	if err := s.give(ctx, i.manifest, ref); err != nil {
		return err
	}
	s.event(events.ActionTag, i.ID, reference.FamiliarString(ref), i.Config.Labels)
	return nil
}
