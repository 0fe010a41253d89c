package images

import (
	"context"
	"time"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/storage"
)

// Inspect tells all about one image.
func (s *catalog) Inspect(ctx context.Context, name string) (image.InspectResponse, error) {
	i, err := s.Get(ctx, name)
	if err != nil {
		return image.InspectResponse{}, err
	}
	file := i.manifest.file
	info := image.InspectResponse{
		ID: i.ID, RepoTags: list(i.RepoTags), RepoDigests: list(i.RepoDigests),
		Comment: comment(file), Author: file.Author, Config: i.Config,
		Architecture: file.Architecture, Variant: file.Variant, Os: file.OS, OsVersion: file.OSVersion,
		Size:        i.Size,
		GraphDriver: &storage.DriverData{Name: s.Snapshotter},
		RootFS:      image.RootFS{Type: file.RootFS.Type},
	}
	if !i.Created.IsZero() {
		info.Created = i.Created.Format(time.RFC3339Nano)
	}
	for _, d := range file.RootFS.DiffIDs {
		info.RootFS.Layers = append(info.RootFS.Layers, d.String())
	}
	for _, r := range i.named() {
		if r.tagged.After(info.Metadata.LastTagTime) {
			info.Metadata.LastTagTime = r.tagged
		}
	}
	return info, nil
}

// comment is the image's, or that of its last step.
func comment(file configFile) string {
	if n := len(file.History); file.Comment == "" && n > 0 {
		return file.History[n-1].Comment
	}
	return file.Comment
}
