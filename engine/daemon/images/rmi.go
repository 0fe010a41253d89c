package images

import (
	"context"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/image"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Remove removes a name, and the image with its last name. By ID it removes the
// image with all its names.
func (s *Service) Remove(ctx context.Context, name string, o types.ImageRemoveOptions) ([]image.DeleteResponse, error) {
	found, err := s.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	i, err := s.byID(ctx, found.ID.String())
	if err != nil {
		return nil, err
	}
	named, err := Normalize(name)
	byName := err == nil && slices.ContainsFunc(i.Records, func(r images.Image) bool { return r.Name == named.String() })
	if byName && len(i.Tags()) > 1 {
		return s.untag(ctx, i, []string{named.String()})
	}
	short := i.ID.Encoded()[:12]
	if !byName && len(i.Tags()) > 1 && !o.Force {
		return nil, errdefs.Conflict("conflict: unable to delete %s (must be forced) - image is referenced in multiple repositories", short)
	}
	for _, u := range s.Users(i.ID.String()) {
		switch {
		case u.Running && byName && !o.Force:
			return nil, errdefs.Conflict("conflict: unable to remove repository reference %q (must force) - container %s is using its referenced image %s", name, u.ID[:12], short)
		case u.Running && !byName:
			return nil, errdefs.Conflict("conflict: unable to delete %s (cannot be forced) - image is being used by running container %s", short, u.ID[:12])
		case u.Running:
			// Forced by name: the name goes, the image stays for its container.
			if err := s.keepFor(ctx, i); err != nil {
				return nil, err
			}
			return s.untag(ctx, i, []string{named.String()})
		case !o.Force && byName:
			return nil, errdefs.Conflict("conflict: unable to remove repository reference %q (must force) - container %s is using its referenced image %s", name, u.ID[:12], short)
		case !o.Force:
			return nil, errdefs.Conflict("conflict: unable to delete %s (must be forced) - image is being used by stopped container %s", short, u.ID[:12])
		}
	}
	return s.delete(ctx, i)
}

// keepFor makes a dangling record of an image whose container still runs.
func (s *Service) keepFor(ctx context.Context, i Image) error {
	return s.name(ctx, images.Image{Name: danglingPrefix + i.ID.String(), Target: i.Target})
}

// untag removes records that are not the last ones.
func (s *Service) untag(ctx context.Context, i Image, names []string) ([]image.DeleteResponse, error) {
	var done []image.DeleteResponse
	for _, n := range names {
		if err := s.Records.Delete(ctx, n); err != nil {
			return done, err
		}
		done = append(done, untagged(n, i)...)
		s.Event(events.ActionUnTag, i.ID.String(), i.ID.String())
	}
	return done, nil
}

func untagged(name string, i Image) []image.DeleteResponse {
	if dangling(name) {
		return nil
	}
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil
	}
	lost := []image.DeleteResponse{{Untagged: reference.FamiliarString(named)}}
	for _, d := range i.Digests() {
		if strings.HasPrefix(d, reference.FamiliarName(reference.TrimNamed(named))+"@") {
			lost = append(lost, image.DeleteResponse{Untagged: d})
		}
	}
	return lost
}

// delete removes an image with all its names. Its content and layers are
// collected at once, but for what other images share.
func (s *Service) delete(ctx context.Context, i Image) ([]image.DeleteResponse, error) {
	done := []image.DeleteResponse{}
	for n, r := range i.Records {
		var options []images.DeleteOpt
		if n == len(i.Records)-1 {
			options = append(options, images.SynchronousDelete())
		}
		if err := s.Records.Delete(ctx, r.Name, options...); err != nil {
			return done, err
		}
		done = append(done, untagged(r.Name, i)...)
	}
	s.mu.Lock()
	delete(s.known, i.Target.Digest)
	s.mu.Unlock()
	s.Event(events.ActionDelete, i.ID.String(), i.ID.String())
	done = append(done, image.DeleteResponse{Deleted: i.ID.String()})
	return done, nil
}
