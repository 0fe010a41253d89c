package images

import (
	"context"
	"slices"

	"github.com/containerd/containerd/v2/core/images/archive"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Save writes images as an archive that docker load and OCI tools read. A name
// without a tag is every tag of the repository.
func (s *departures) Save(ctx context.Context, names []string, open types.OpenWriter) error {
	// The lease keeps what is being saved if it is removed meanwhile.
	ctx, in, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer in.end(ctx)
	saves, err := s.toSave(ctx, names)
	if err != nil {
		return err
	}
	var opts []archive.ExportOpt
	for _, l := range saves {
		if err := in.whole(ctx, l.manifest); err != nil {
			return err
		}
		var as []string
		for _, name := range l.names {
			as = append(as, name.String())
		}
		opts = append(opts, archive.WithManifest(l.manifest.target, as...))
	}
	if err := archive.Export(ctx, in, open(types.Raw), opts...); err != nil {
		return cancelled(ctx, err)
	}
	for _, l := range saves {
		id := l.manifest.config.Digest.String()
		s.event(events.ActionSave, id, id, l.manifest.file.Config.Labels)
	}
	return nil
}

// toSave are the images that names mean, each once.
func (s *departures) toSave(ctx context.Context, names []string) ([]loaded, error) {
	if len(names) == 0 {
		return nil, errdefs.Invalid("no images to save")
	}
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	var saves []loaded
	for _, name := range names {
		ref, err := reference.ParseAnyReference(name)
		if err != nil {
			return nil, errdefs.Invalid("%w", err)
		}
		if tags := tagsOf(all, ref); len(tags) > 0 {
			saves = add(saves, tags...)
			continue
		}
		i, ok := find(all, name, ref)
		if !ok {
			// Docker puts no tag to what was a repository.
			return nil, errdefs.NotFound("No such image: %s", name)
		}
		l := loaded{manifest: i.manifest}
		if named, ok := ref.(reference.Named); ok && !hasIDPrefix(i.ID, name) {
			if named = reference.TagNameOnly(named); !isCanonical(named) {
				l.names = []reference.Named{named}
			}
		}
		saves = add(saves, l)
	}
	return saves, nil
}

// tagsOf are the images with a tag of a repository that was named without one.
func tagsOf(all []Image, ref reference.Reference) []loaded {
	repository, ok := ref.(reference.Named)
	if !ok || !reference.IsNameOnly(repository) {
		return nil
	}
	var tags []loaded
	for _, i := range all {
		for _, r := range i.named() {
			if r.ref.Name() == repository.Name() && !r.isDigest() {
				tags = append(tags, loaded{i.manifest, []reference.Named{r.ref}})
			}
		}
	}
	return tags
}

// add joins the names of one image.
func add(saves []loaded, more ...loaded) []loaded {
	for _, l := range more {
		n := slices.IndexFunc(saves, func(have loaded) bool { return have.manifest.target.Digest == l.manifest.target.Digest })
		if n < 0 {
			saves = append(saves, l)
			continue
		}
		for _, name := range l.names {
			if !slices.ContainsFunc(saves[n].names, func(have reference.Named) bool { return have.String() == name.String() }) {
				saves[n].names = append(saves[n].names, name)
			}
		}
	}
	return saves
}

func isCanonical(ref reference.Named) bool {
	_, ok := ref.(reference.Canonical)
	return ok
}
