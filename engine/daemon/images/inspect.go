package images

import (
	"context"
	"time"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/storage"
)

// Inspect is everything about an image.
func (s *Service) Inspect(ctx context.Context, name string) (image.InspectResponse, error) {
	i, err := s.Get(ctx, name)
	if err != nil {
		return image.InspectResponse{}, err
	}
	if i, err = s.byID(ctx, i.ID.String()); err != nil { // with all its names
		return image.InspectResponse{}, err
	}
	r := image.InspectResponse{
		ID: i.ID.String(), RepoTags: i.Tags(), RepoDigests: i.Digests(), Author: i.Config.Author,
		Config: &i.Config.Config, Architecture: i.Config.Architecture, Variant: i.Config.Variant, Os: i.Config.OS, OsVersion: i.Config.OSVersion,
		Size:        s.sizeOnDisk(ctx, i),
		GraphDriver: &storage.DriverData{Name: "overlayfs", Data: map[string]string{}},
		RootFS:      image.RootFS{Type: i.Config.RootFS.Type},
	}
	if c := i.Config.Created; c != nil {
		r.Created = c.Format(time.RFC3339Nano)
	}
	for _, d := range i.Config.RootFS.DiffIDs {
		r.RootFS.Layers = append(r.RootFS.Layers, d.String())
	}
	if h := i.Config.History; len(h) > 0 {
		r.Comment = h[len(h)-1].Comment
	}
	for _, record := range i.Records {
		if record.UpdatedAt.After(r.Metadata.LastTagTime) {
			r.Metadata.LastTagTime = record.UpdatedAt
		}
	}
	return r, nil
}
