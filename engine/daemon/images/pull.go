package images

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// parallel is how many layers are fetched at once, as by docker.
const parallel = 3

// Pull fetches an image from the registry that its name tells.
func (s *arrivals) Pull(ctx context.Context, name string, opts types.ImagePullOptions, progress types.Progress) error {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return errdefs.Invalid("%w", err)
	}
	ref = reference.TagNameOnly(ref)
	platform, err := s.platform(opts.Platform)
	if err != nil {
		return err
	}
	resolver := docker.NewResolver(docker.ResolverOptions{Hosts: hosts(ref, opts.RegistryAuth)})
	_, target, err := resolver.Resolve(ctx, ref.String())
	if err != nil {
		return pullFailed(ctx, ref, err)
	}
	fetcher, err := resolver.Fetcher(ctx, ref.String())
	if err != nil {
		return pullFailed(ctx, ref, err)
	}

	ctx, in, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer in.end(ctx)
	p := &pull{service: s.stores, in: in, ref: ref, platform: platform, fetcher: fetcher, out: report(progress)}
	if err := p.out.status(tagPart(ref), "Pulling from "+reference.Path(ref)); err != nil {
		return err
	}
	m, err := p.manifest(ctx, target)
	if err != nil {
		return err
	}
	if opts.Platform != "" && m.file.Architecture != "" && !platform.Match(platforms.Normalize(m.file.Platform)) {
		return errdefs.NotFound("image with reference %s was found but its platform (%s) does not match the specified platform (%s)",
			reference.FamiliarString(ref), platforms.Format(m.file.Platform), opts.Platform)
	}
	if done, err := p.have(ctx, m, target.Digest); done || err != nil {
		return err
	}
	if err := p.layers(ctx, m); err != nil {
		return err
	}
	if err := in.unpack(ctx, m, p.out.extracting(m)); err != nil {
		return err
	}
	s.names.Lock()
	defer s.names.Unlock()
	return p.keep(ctx, m, target.Digest)
}

// platform is the one a request asks for, or the engine's.
func (s *arrivals) platform(name string) (platforms.MatchComparer, error) {
	if name == "" {
		return s.Platform, nil
	}
	p, err := platforms.Parse(name)
	if err != nil {
		return nil, errdefs.Invalid("invalid platform %q: %w", name, err)
	}
	return platform{platforms.Only(p), platforms.Format(p)}, nil
}

// pull is one image on its way from a registry.
type pull struct {
	service  *stores
	in       *session
	ref      reference.Named
	platform platforms.MatchComparer
	fetcher  remotes.Fetcher
	out      *reporter
}

// manifest brings in the manifest for the platform and the configuration.
func (p *pull) manifest(ctx context.Context, target ocispec.Descriptor) (*manifest, error) {
	if !images.IsManifestType(target.MediaType) && !images.IsIndexType(target.MediaType) {
		return nil, errdefs.Invalid("%s is not an image: it is of type %q", reference.FamiliarString(p.ref), target.MediaType)
	}
	if err := p.small(ctx, target); err != nil {
		return nil, err
	}
	for depth := 0; images.IsIndexType(target.MediaType); depth++ {
		if depth == maxDepth {
			return nil, errdefs.Invalid("%s is an index of indexes", target.Digest)
		}
		next, err := choose(ctx, p.in, target, p.platform)
		if err != nil {
			return nil, err
		}
		if err := p.small(ctx, next); err != nil {
			return nil, err
		}
		target = next
	}
	var parsed ocispec.Manifest
	if err := readJSON(ctx, p.in, target, &parsed); err != nil {
		return nil, err
	}
	if err := p.small(ctx, parsed.Config); err != nil {
		return nil, err
	}
	// It checks that there is a layer for each that the configuration names.
	return readManifest(ctx, p.in, target, p.platform)
}

// have gives the image its names if it is here already, from wherever it came.
func (p *pull) have(ctx context.Context, m *manifest, dgst digest.Digest) (bool, error) {
	s := p.service
	s.names.Lock()
	defer s.names.Unlock()
	all, err := s.all(ctx)
	if err != nil {
		return false, err
	}
	for _, i := range all {
		if i.ID == m.config.Digest.String() && p.in.whole(ctx, i.manifest) == nil {
			// Its layers may be compressed in another way: other blobs, of which
			// none is here.
			return true, p.keep(ctx, i.manifest, dgst)
		}
	}
	return false, nil
}

// small fetches a manifest or a configuration.
func (p *pull) small(ctx context.Context, d ocispec.Descriptor) error {
	if err := d.Digest.Validate(); err != nil {
		return errdefs.Invalid("invalid digest %q: %w", d.Digest, err)
	}
	if d.Size > maxJSON {
		return errdefs.Invalid("%s is too large for a manifest or a configuration: %d bytes", d.Digest, d.Size)
	}
	err := remotes.Fetch(ctx, p.in, p.fetcher, d)
	if err != nil && !cerrdefs.IsAlreadyExists(err) {
		return pullFailed(ctx, p.ref, err)
	}
	return nil
}

// layers fetches the layers that are not here yet, a few at a time.
func (p *pull) layers(ctx context.Context, m *manifest) error {
	for i := range m.layers {
		if err := p.out.status(m.layerID(i), "Pulling fs layer"); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	seen := map[string]bool{}
	for i, d := range m.layers {
		if seen[d.Digest.String()] {
			continue
		}
		seen[d.Digest.String()] = true
		group.Go(func() error { return p.layer(ctx, m.layerID(i), d) })
	}
	return group.Wait()
}

func (p *pull) layer(ctx context.Context, id string, d ocispec.Descriptor) error {
	if err := d.Digest.Validate(); err != nil {
		return errdefs.Invalid("invalid digest %q: %w", d.Digest, err)
	}
	counting := remotes.FetcherFunc(func(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
		body, err := p.fetcher.Fetch(ctx, d)
		if err != nil {
			return nil, err
		}
		return &layerReader{ReadCloser: body, tell: func(read int64) error { return p.out.bar(id, "Downloading", read, d.Size) }}, nil
	})
	err := remotes.Fetch(ctx, p.in, counting, d)
	if cerrdefs.IsAlreadyExists(err) {
		return p.out.status(id, "Already exists")
	}
	if err != nil {
		return pullFailed(ctx, p.ref, err)
	}
	return p.out.status(id, "Download complete")
}

// layerReader tells how much of a layer has come. It cannot seek: a store that
// starts over gets an error rather than the rest of a layer twice.
type layerReader struct {
	io.ReadCloser
	read int64
	tell func(read int64) error
}

func (l *layerReader) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	l.read += int64(n)
	if tellErr := l.tell(l.read); tellErr != nil && err == nil {
		err = tellErr
	}
	return n, err
}

// layerID is a layer as the progress of a pull calls it.
func (m *manifest) layerID(i int) string {
	if d := m.layers[i].Digest; d.Validate() == nil {
		return short(d)
	}
	return "?"
}

// extracting tells of an image's layers as docker pull does.
func (r *reporter) extracting(m *manifest) unpackProgress {
	return func(layer int, state layerState) {
		id, total := m.layerID(layer), m.layers[layer].Size
		// A client that is gone is noticed by the next message that matters.
		switch state {
		case extracting:
			_ = r.bar(id, "Extracting", 0, total)
		case extracted:
			_ = r.bar(id, "Extracting", total, total)
			_ = r.status(id, "Pull complete")
		}
	}
}

// keep gives the image its names: the one it was pulled by, and its digest in
// that repository. The service's names are locked.
func (p *pull) keep(ctx context.Context, m *manifest, dgst digest.Digest) error {
	s := p.service
	byDigest, err := reference.WithDigest(reference.TrimNamed(p.ref), dgst)
	if err != nil {
		return errdefs.Internal("%w", err)
	}
	names := []reference.Named{byDigest}
	if !isCanonical(p.ref) {
		names = append(names, p.ref)
	}
	before, err := s.lookup(ctx, p.ref)
	if err != nil {
		return err
	}
	if err := s.give(ctx, m, names...); err != nil {
		return err
	}
	familiar := reference.FamiliarString(p.ref)
	s.event(events.ActionPull, familiar, reference.FamiliarName(p.ref), m.file.Config.Labels)
	if err := p.out.status("", "Digest: "+dgst.String()); err != nil {
		return err
	}
	if before == m.config.Digest {
		return p.out.status("", "Status: Image is up to date for "+familiar)
	}
	return p.out.status("", "Status: Downloaded newer image for "+familiar)
}

// pullFailed says why an image cannot be had, in docker's words where it has
// them.
func pullFailed(ctx context.Context, ref reference.Named, err error) error {
	familiar := reference.FamiliarString(ref)
	var status remoteerrors.ErrUnexpectedStatus
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case isFull(err):
		return errdefs.Internal("failed to pull %s: no space left on device", familiar)
	case errors.Is(err, docker.ErrInvalidAuthorization),
		errors.As(err, &status) && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, status.StatusCode):
		// On 401 docker's client asks the person to log in, and waits.
		return errdefs.NotFound("pull access denied for %s, repository does not exist or may require 'docker login': %w", reference.FamiliarName(ref), err)
	case cerrdefs.IsNotFound(err):
		return errdefs.NotFound("manifest for %s not found: manifest unknown", familiar)
	}
	return errdefs.Internal("failed to pull %s: %w", familiar, err)
}
