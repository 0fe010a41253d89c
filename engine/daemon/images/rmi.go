package images

import (
	"context"
	"slices"

	"github.com/containerd/containerd/v2/core/images"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/image"
	"github.com/opencontainers/go-digest"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Remove removes a name of an image, and the image with its last name. By its
// ID an image is removed with all its names, if they are of one repository. What
// was done is told in the order it was done in.
func (s *removals) Remove(ctx context.Context, name string, opts types.ImageRemoveOptions) ([]image.DeleteResponse, error) {
	s.names.Lock()
	defer s.names.Unlock()
	removal, err := s.remove(ctx, name, opts.Force)
	return removal.done, err
}

// removal is what was done.
type removal struct {
	done  []image.DeleteResponse
	freed int64
}

// remove is Remove with s.names held.
func (s *removals) remove(ctx context.Context, name string, force bool) (removal, error) {
	i, err := s.Get(ctx, name)
	if err != nil {
		return removal{}, err
	}
	names := i.named()
	if hasIDPrefix(i.ID, name) {
		if err := s.removable(i, force, !force && severalRepositories(names)); err != nil {
			return removal{}, err
		}
		return s.delete(ctx, i, names)
	}
	gone, left := split(names, name)
	if len(left) > 0 {
		return s.untag(ctx, i, gone)
	}
	users := s.Users(i.ID)
	switch {
	case len(users) > 0 && !force && !severalRepositories(names):
		return removal{}, errdefs.Conflict("conflict: unable to remove repository reference %q (must force) - container %s is using its referenced image %s",
			name, shortHex(users[0].ID), shortID(i.ID))
	case slices.ContainsFunc(users, func(u User) bool { return u.Running }), len(users) > 0 && !force:
		// The container keeps its image, which is without a name now.
		if err := s.put(ctx, nameless+i.ID, i.manifest); err != nil {
			return removal{}, err
		}
		return s.untag(ctx, i, gone)
	}
	return s.delete(ctx, i, gone)
}

// split takes a name away, and with the last tag of a repository the digests
// that the image was pulled from there by.
func split(names []record, name string) (gone, left []record) {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil, names // Get has found the image by it, so this cannot be
	}
	wanted := recordName(ref)
	for _, r := range names {
		if r.name == wanted {
			gone = append(gone, r)
		} else {
			left = append(left, r)
		}
	}
	if _, ok := ref.(reference.Canonical); ok {
		return gone, left
	}
	sameRepository := func(r record) bool { return r.ref.Name() == ref.Name() }
	if slices.ContainsFunc(left, func(r record) bool { return sameRepository(r) && !r.isDigest() }) {
		return gone, left
	}
	for _, r := range left {
		if sameRepository(r) {
			gone = append(gone, r)
		}
	}
	return gone, slices.DeleteFunc(left, sameRepository)
}

// severalRepositories reports whether names are of more than one repository, or
// more than one tag.
func severalRepositories(names []record) bool {
	tags := 0
	for _, r := range names {
		if r.ref.Name() != names[0].ref.Name() {
			return true
		}
		if !r.isDigest() {
			tags++
		}
	}
	return tags > 1
}

// removable says why an image cannot be removed, if it cannot.
func (s *removals) removable(i Image, force, several bool) error {
	users := s.Users(i.ID)
	if n := slices.IndexFunc(users, func(u User) bool { return u.Running }); n >= 0 {
		return errdefs.Conflict("conflict: unable to delete %s (cannot be forced) - image is being used by running container %s",
			shortID(i.ID), shortHex(users[n].ID))
	}
	if several {
		return errdefs.Conflict("conflict: unable to delete %s (must be forced) - image is referenced in multiple repositories", shortID(i.ID))
	}
	if len(users) > 0 && !force {
		return errdefs.Conflict("conflict: unable to delete %s (must be forced) - image is being used by stopped container %s",
			shortID(i.ID), shortHex(users[0].ID))
	}
	return nil
}

// untag removes names of an image that keeps others.
func (s *removals) untag(ctx context.Context, i Image, names []record) (removal, error) {
	var r removal
	for _, gone := range names {
		if err := s.drop(ctx, gone.name); err != nil {
			return r, err
		}
		r.done = append(r.done, image.DeleteResponse{Untagged: gone.familiar()})
		s.event(events.ActionUnTag, i.ID, i.ID, i.Config.Labels)
	}
	return r, nil
}

// delete removes an image with its names, the last ones it has, and waits until
// its content is collected.
func (s *removals) delete(ctx context.Context, i Image, names []record) (removal, error) {
	chains, freed, err := s.unshared(ctx, i)
	if err != nil {
		return removal{}, err
	}
	// With this record the image cannot be collected while its names go, and
	// the end of it is the end of the image, whatever names there were.
	if err := s.put(ctx, nameless+i.ID, i.manifest); err != nil {
		return removal{}, err
	}
	r, err := s.untag(ctx, i, names)
	if err != nil {
		return r, err
	}
	if err := s.Images.Delete(ctx, nameless+i.ID, images.SynchronousDelete()); err != nil && !cerrdefs.IsNotFound(err) {
		return r, err
	}
	s.event(events.ActionDelete, i.ID, i.ID, i.Config.Labels)
	r.done = append(r.done, image.DeleteResponse{Deleted: i.ID})
	for _, chain := range slices.Backward(chains) {
		r.done = append(r.done, image.DeleteResponse{Deleted: chain.String()})
		s.sizes.Delete(chain)
	}
	r.freed = freed
	return r, nil
}

// unshared are the layers, and their size, that go with an image: no other image
// and no container has them.
func (s *removals) unshared(ctx context.Context, i Image) (chains []digest.Digest, size int64, err error) {
	if len(s.Users(i.ID)) > 0 {
		return nil, 0, nil
	}
	all, err := s.all(ctx)
	if err != nil {
		return nil, 0, err
	}
	sizes, err := s.layerSizes(ctx, i.manifest)
	if err != nil {
		return nil, 0, err
	}
	for n, chain := range i.manifest.chains {
		shared := slices.ContainsFunc(all, func(other Image) bool {
			return other.ID != i.ID && slices.Contains(other.manifest.chains, chain)
		})
		if !shared {
			chains, size = append(chains, chain), size+sizes[n]
		}
	}
	return chains, size, nil
}

func shortID(id string) string { return short(digest.Digest(id)) }
