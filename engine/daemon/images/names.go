package images

import (
	"context"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/images"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"github.com/callroute/callroute/engine/errdefs"
)

// nameless begins the record of an image that has no name. It is no reference,
// so no name can be mistaken for it.
const nameless = "<none>@"

// recordName is the name that a reference has in containerd's store.
func recordName(ref reference.Named) string { return reference.TagNameOnly(ref).String() }

// parseTag is the tag that a person gives to an image.
func parseTag(repository, tag string) (reference.NamedTagged, error) {
	ref, err := reference.ParseNormalizedNamed(repository)
	if err != nil {
		return nil, errdefs.Invalid("%w", err)
	}
	if _, ok := ref.(reference.Digested); ok {
		return nil, errdefs.Invalid("refusing to create a tag with a digest reference")
	}
	if tag != "" {
		tagged, err := reference.WithTag(reference.TrimNamed(ref), tag)
		if err != nil {
			return nil, errdefs.Invalid("%w", err)
		}
		return tagged, nil
	}
	// With its default, what is no digest is a tag.
	return reference.TagNameOnly(ref).(reference.NamedTagged), nil
}

// give lets names lead to an image, which is in the stores already. An image
// that one of them led to before keeps a record. s.names is held.
func (s *stores) give(ctx context.Context, m *manifest, refs ...reference.Named) error {
	all, err := s.all(ctx)
	if err != nil {
		return err
	}
	id := m.config.Digest.String()
	if len(refs) == 0 {
		if slices.ContainsFunc(all, func(i Image) bool { return i.ID == id }) {
			return nil
		}
		return s.put(ctx, nameless+id, m)
	}
	for _, ref := range refs {
		name := recordName(ref)
		for _, other := range all {
			if other.ID != id && len(other.records) == 1 && other.records[0].name == name {
				if err := s.put(ctx, nameless+other.ID, other.manifest); err != nil {
					return err
				}
			}
		}
		if err := s.put(ctx, name, m); err != nil {
			return err
		}
		if all, err = s.all(ctx); err != nil {
			return err
		}
	}
	return s.drop(ctx, nameless+id)
}

// put writes a record.
func (s *stores) put(ctx context.Context, name string, m *manifest) error {
	r := images.Image{Name: name, Target: m.target}
	_, err := s.Images.Create(ctx, r)
	if cerrdefs.IsAlreadyExists(err) {
		_, err = s.Images.Update(ctx, r, "target")
	}
	return err
}

// drop removes a record, if there is one. The image is not collected at once.
func (s *stores) drop(ctx context.Context, name string) error {
	err := s.Images.Delete(ctx, name)
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	return err
}

// lookup is the ID of the image that a name leads to, or "".
func (s *stores) lookup(ctx context.Context, ref reference.Named) (digest.Digest, error) {
	r, err := s.Images.Get(ctx, recordName(ref))
	if cerrdefs.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	m, err := s.manifest(ctx, r.Target)
	if cerrdefs.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return m.config.Digest, nil
}

// tagPart is the tag or the digest of a reference.
func tagPart(ref reference.Named) string {
	switch ref := ref.(type) {
	case reference.Digested:
		return ref.Digest().String()
	case reference.Tagged:
		return ref.Tag()
	}
	return strings.TrimPrefix(ref.String(), ref.Name())
}
