package images

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Push sends an image to the registry that its name tells. A name without a tag
// is every tag of the repository.
func (s *departures) Push(ctx context.Context, name string, opts types.ImagePushOptions, progress types.Progress) error {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return errdefs.Invalid("%w", err)
	}
	if isCanonical(ref) {
		return errdefs.Invalid("cannot push a digest reference")
	}
	ctx, in, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer in.end(ctx)
	out := report(progress)
	if err := out.status("", "The push refers to repository ["+ref.Name()+"]"); err != nil {
		return err
	}
	tags, err := s.toSave(ctx, []string{ref.String()})
	if err != nil {
		return errdefs.NotFound("An image does not exist locally with the tag: %s", reference.FamiliarName(ref))
	}
	resolver := docker.NewResolver(docker.ResolverOptions{Hosts: hosts(ref, opts.RegistryAuth)})
	for _, l := range tags {
		if err := in.whole(ctx, l.manifest); err != nil {
			return err
		}
		for _, tag := range l.names {
			p := &push{in: in, ref: tag, out: out, resolver: resolver}
			if err := p.send(ctx, l.manifest); err != nil {
				return pushFailed(ctx, tag, err)
			}
			s.event(events.ActionPush, reference.FamiliarString(tag), reference.FamiliarName(tag), l.manifest.file.Config.Labels)
		}
	}
	return nil
}

// push is one tag on its way to a registry.
type push struct {
	in       *session
	ref      reference.Named
	out      *reporter
	resolver remotes.Resolver
}

// send sends the layers, then what leads to them.
func (p *push) send(ctx context.Context, m *manifest) error {
	pusher, err := p.resolver.Pusher(ctx, p.ref.String())
	if err != nil {
		return err
	}
	for _, d := range m.layers {
		if err := p.out.status(short(d.Digest), "Preparing"); err != nil {
			return err
		}
	}
	for i, d := range append(slices.Clone(m.layers), m.config, m.target) {
		there, err := p.blob(ctx, pusher, d)
		if err != nil {
			return err
		}
		if i >= len(m.layers) {
			continue
		}
		state := "Pushed"
		if there {
			state = "Layer already exists"
		}
		if err := p.out.status(short(d.Digest), state); err != nil {
			return err
		}
	}
	return p.out.pushed(tagPart(p.ref), m.target)
}

// blob sends one blob, unless it is there.
func (p *push) blob(ctx context.Context, pusher remotes.Pusher, d ocispec.Descriptor) (there bool, err error) {
	w, err := pusher.Push(ctx, d)
	if cerrdefs.IsAlreadyExists(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer w.Close()
	r, err := p.in.ReaderAt(ctx, d)
	if err != nil {
		return false, err
	}
	defer r.Close()
	err = content.Copy(ctx, w, content.NewReader(r), d.Size, d.Digest)
	if cerrdefs.IsAlreadyExists(err) {
		return true, nil
	}
	return false, err
}

// pushFailed says why an image cannot be sent, in docker's words where it has
// them.
func pushFailed(ctx context.Context, ref reference.Named, err error) error {
	var status remoteerrors.ErrUnexpectedStatus
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, docker.ErrInvalidAuthorization),
		errors.As(err, &status) && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, status.StatusCode):
		return errdefs.Forbidden("push access denied, repository does not exist or may require authorization: %w", err)
	}
	return errdefs.Internal("failed to push %s: %w", reference.FamiliarString(ref), err)
}
