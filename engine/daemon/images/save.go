package images

import (
	"context"
	"strings"

	"github.com/containerd/containerd/v2/core/images/archive"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
)

// Save writes images as a tar that both docker and OCI tools read. A name
// without a tag saves all tags of the repository.
func (s *Service) Save(ctx context.Context, names []string, open types.OpenWriter) error {
	options := []archive.ExportOpt{archive.WithPlatform(s.platform)}
	var saved []Image
	for _, name := range names {
		i, err := s.Get(ctx, name)
		if err != nil {
			return err
		}
		saved = append(saved, i)
		if isHex(strings.TrimPrefix(name, "sha256:")) && strings.HasPrefix(i.ID.Encoded(), strings.TrimPrefix(name, "sha256:")) {
			options = append(options, archive.WithManifest(i.Target))
			continue
		}
		options = append(options, archive.WithManifest(i.Target, s.namesToSave(ctx, name)...))
	}
	err := s.leased(ctx, func(ctx context.Context) error {
		return archive.Export(ctx, s.Content, open(types.Raw), options...)
	})
	for _, i := range saved {
		s.Event(events.ActionSave, i.ID.String(), i.ID.String())
	}
	return err
}

// namesToSave is the name itself, or each tag of it as a repository.
func (s *Service) namesToSave(ctx context.Context, name string) []string {
	full, err := Normalize(name)
	if err != nil {
		return nil
	}
	parsed, err := reference.ParseNormalizedNamed(name)
	if err != nil || !reference.IsNameOnly(parsed) {
		return []string{full.String()}
	}
	wanted, err := s.Records.Get(ctx, full.String())
	if err != nil {
		return []string{full.String()}
	}
	var names []string
	records, err := s.Records.List(ctx)
	if err != nil {
		return []string{full.String()}
	}
	for _, r := range records {
		if n, err := reference.ParseNormalizedNamed(r.Name); err == nil && n.Name() == parsed.Name() && r.Target.Digest == wanted.Target.Digest {
			names = append(names, r.Name)
		}
	}
	return names
}
