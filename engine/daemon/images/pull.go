package images

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/api/types/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/semaphore"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// atOnce is how many layers are fetched at the same time.
const atOnce = 3

// Pull fetches an image from its registry.
func (s *Service) Pull(ctx context.Context, name string, o types.ImagePullOptions, progress types.Progress) error {
	named, err := Normalize(name)
	if err != nil {
		return err
	}
	resolver, err := newResolver(o.RegistryAuth)
	if err != nil {
		return err
	}
	platform := s.platform
	if o.Platform != "" {
		p, err := platforms.Parse(o.Platform)
		if err != nil {
			return errdefs.Invalid("%v", err)
		}
		platform = platforms.Only(p)
	}
	return s.leased(ctx, func(ctx context.Context) error {
		_, target, err := resolver.Resolve(ctx, named.String())
		if err != nil {
			return pullFailed(named, err)
		}
		fetcher, err := resolver.Fetcher(ctx, named.String())
		if err != nil {
			return pullFailed(named, err)
		}
		from := reference.FamiliarName(named)
		tag := ""
		if t, ok := named.(reference.Tagged); ok {
			tag = t.Tag()
		}
		if err := progress(jsonstream.Message{Status: "Pulling from " + reference.Path(named), ID: tag}); err != nil {
			return err
		}
		old, oldErr := s.Records.Get(ctx, named.String())
		if err := s.fetch(ctx, fetcher, target, platform, progress); err != nil {
			return pullFailed(named, err)
		}
		i, err := s.read(ctx, target)
		if err != nil {
			return pullFailed(named, err)
		}
		for _, l := range i.Layers {
			if err := progress(jsonstream.Message{Status: "Extracting", ID: shortID(l), Progress: &jsonstream.Progress{Current: l.Size, Total: l.Size}}); err != nil {
				return err
			}
		}
		if err := s.unpack(ctx, i); err != nil {
			return err
		}
		for _, l := range i.Layers {
			if err := progress(jsonstream.Message{Status: "Pull complete", ID: shortID(l)}); err != nil {
				return err
			}
		}
		record := images.Image{Name: named.String(), Target: target, Labels: map[string]string{pulledLabel: "true"}}
		if err := s.name(ctx, record); err != nil {
			return err
		}
		s.Event(events.ActionPull, reference.FamiliarString(named), from)
		status := "Status: Downloaded newer image for " + reference.FamiliarString(named)
		if oldErr == nil && old.Target.Digest == target.Digest {
			status = "Status: Image is up to date for " + reference.FamiliarString(named)
		}
		if err := progress(jsonstream.Message{Status: "Digest: " + target.Digest.String()}); err != nil {
			return err
		}
		return progress(jsonstream.Message{Status: status})
	})
}

// shortID is how progress names a layer.
func shortID(d ocispec.Descriptor) string { return d.Digest.Encoded()[:12] }

// fetch brings in everything that target leads to, layers with progress.
func (s *Service) fetch(ctx context.Context, fetcher remotes.Fetcher, target ocispec.Descriptor, platform platforms.MatchComparer, progress types.Progress) error {
	p := &fetchProgress{send: progress, content: s.Content, active: map[string]ocispec.Descriptor{}}
	ctx, stop := context.WithCancel(ctx)
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		p.report(ctx)
	}()
	defer func() {
		stop()
		<-reported
	}()
	children := images.LimitManifests(images.FilterPlatforms(
		images.SetChildrenMappedLabels(s.Content, images.ChildrenHandler(s.Content), images.ChildGCLabels), platform), platform, 1)
	fetch := remotes.FetchHandler(s.Content, fetcher)
	handler := images.Handlers(images.HandlerFunc(func(ctx context.Context, d ocispec.Descriptor) ([]ocispec.Descriptor, error) {
		if !images.IsLayerType(d.MediaType) {
			return fetch.Handle(ctx, d)
		}
		if _, err := s.Content.Info(ctx, d.Digest); err == nil {
			return nil, p.say(jsonstream.Message{Status: "Already exists", ID: shortID(d)})
		}
		if err := p.begin(ctx, d); err != nil {
			return nil, err
		}
		more, err := fetch.Handle(ctx, d)
		if err != nil {
			return nil, err
		}
		return more, p.end(ctx, d)
	}), children)
	return images.Dispatch(ctx, handler, semaphore.NewWeighted(atOnce), target)
}

// fetchProgress tells how far the layers are.
type fetchProgress struct {
	content content.Store

	mu     sync.Mutex
	send   types.Progress
	active map[string]ocispec.Descriptor // by the reference of the ingest
}

func (p *fetchProgress) say(m jsonstream.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.send(m)
}

func (p *fetchProgress) begin(ctx context.Context, d ocispec.Descriptor) error {
	p.mu.Lock()
	p.active[remotes.MakeRefKey(ctx, d)] = d
	p.mu.Unlock()
	return p.say(jsonstream.Message{Status: "Pulling fs layer", ID: shortID(d)})
}

func (p *fetchProgress) end(ctx context.Context, d ocispec.Descriptor) error {
	p.mu.Lock()
	delete(p.active, remotes.MakeRefKey(ctx, d))
	p.mu.Unlock()
	return p.say(jsonstream.Message{Status: "Download complete", ID: shortID(d)})
}

// report says every moment how much has come of each layer.
func (p *fetchProgress) report(ctx context.Context) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		statuses, err := p.content.ListStatuses(ctx)
		if err != nil {
			continue
		}
		for _, st := range statuses {
			p.mu.Lock()
			d, ok := p.active[st.Ref]
			p.mu.Unlock()
			if !ok {
				continue
			}
			if p.say(jsonstream.Message{Status: "Downloading", ID: shortID(d), Progress: &jsonstream.Progress{Current: st.Offset, Total: d.Size}}) != nil {
				return
			}
		}
	}
}

// newResolver finds registries: over HTTPS, or plain HTTP on loopback.
func newResolver(auth string) (remotes.Resolver, error) {
	var who registry.AuthConfig
	if auth != "" {
		data, err := base64.URLEncoding.DecodeString(auth)
		if err != nil {
			return nil, errdefs.Invalid("invalid X-Registry-Auth header: %v", err)
		}
		if err := json.Unmarshal(data, &who); err != nil {
			return nil, errdefs.Invalid("invalid X-Registry-Auth header: %v", err)
		}
	}
	authorizer := docker.NewDockerAuthorizer(docker.WithAuthCreds(func(string) (string, string, error) {
		if who.IdentityToken != "" {
			return "", who.IdentityToken, nil
		}
		return who.Username, who.Password, nil
	}))
	return docker.NewResolver(docker.ResolverOptions{
		Hosts: docker.ConfigureDefaultRegistries(docker.WithAuthorizer(authorizer), docker.WithPlainHTTP(loopback)),
	}), nil
}

func loopback(host string) (bool, error) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback(), nil
}

// pullFailed says in docker's words why a pull failed.
func pullFailed(named reference.Named, err error) error {
	name := reference.FamiliarString(named)
	var unexpected interface{ Timeout() bool }
	switch {
	case cerrdefs.IsNotFound(err):
		return errdefs.NotFound("manifest for %s not found: manifest unknown: manifest unknown", name)
	case cerrdefs.IsUnauthorized(err), cerrdefs.IsPermissionDenied(err), errors.Is(err, docker.ErrInvalidAuthorization):
		return errdefs.NotFound("pull access denied for %s, repository does not exist or may require 'docker login': denied: requested access to the resource is denied", reference.FamiliarName(named))
	case errors.As(err, &unexpected):
		return errdefs.Unavailable("pull of %s: %w", name, err)
	}
	return err
}
