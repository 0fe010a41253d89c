// Package images is the daemon's images: names for them, their content, and
// the root file systems that containers get of them.
//
// Words. A record is a name in containerd's image store and the manifest that
// it leads to. An image is what a person sees: everything with one config,
// whose digest is its ID; several records may lead to it. A dangling record
// keeps an image that has lost its last name. A snapshot is a layer, unpacked,
// or the writable one on top that belongs to a container.
//
// Content and snapshots are containerd's; what they lead to is kept from its
// garbage collection by the records, by labels, and by a lease while an image
// comes in.
package images

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/leases"
	"github.com/containerd/containerd/v2/core/snapshots"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/moby/api/types/events"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/errdefs"
)

// Config is what the service works on.
type Config struct {
	Content   content.Store
	Records   images.Store
	Snapshots snapshots.Snapshotter
	Leases    leases.Manager
	Applier   diff.Applier
	Comparer  diff.Comparer
	// Users lists the containers that were made from an image.
	Users func(id string) []User
	// Event tells what happened to an image.
	Event func(action events.Action, id, name string)
}

// User is a container that uses an image.
type User struct {
	ID      string
	Running bool
}

// Service is the images.
type Service struct {
	Config
	platform platforms.MatchComparer

	mu    sync.Mutex
	known map[digest.Digest]Image // by manifest; images never change
}

// Image is an image and its names at one moment.
type Image struct {
	ID      digest.Digest // of the config
	Target  ocispec.Descriptor
	Config  dockerspec.DockerOCIImage
	Layers  []ocispec.Descriptor
	Size    int64 // of the content
	Records []images.Image
}

// New is a service on the stores of c.
func New(c Config) *Service {
	return &Service{Config: c, platform: platforms.Default(), known: map[digest.Digest]Image{}}
}

// danglingPrefix begins the name of the record of an image without a name.
const danglingPrefix = "dangling@"

func dangling(name string) bool { return strings.HasPrefix(name, danglingPrefix) }

// Normalize is a name as the store knows it: docker.io/library/busybox:latest.
func Normalize(name string) (reference.Named, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil, errdefs.Invalid("invalid reference format")
	}
	return reference.TagNameOnly(named), nil
}

// Get finds an image by a name, an ID, or a prefix of an ID.
func (s *Service) Get(ctx context.Context, name string) (Image, error) {
	if named, err := Normalize(name); err == nil {
		record, err := s.Records.Get(ctx, named.String())
		if err == nil {
			return s.withRecords(ctx, record)
		}
		if !cerrdefs.IsNotFound(err) {
			return Image{}, err
		}
	} else if _, err := digest.Parse(name); err != nil {
		return Image{}, errdefs.Invalid("invalid reference format")
	}
	return s.byID(ctx, name)
}

// byID finds an image by its ID or a prefix of it, or by the digest of its
// manifest.
func (s *Service) byID(ctx context.Context, name string) (Image, error) {
	all, err := s.all(ctx)
	if err != nil {
		return Image{}, err
	}
	hex := strings.TrimPrefix(name, "sha256:")
	_, wanted, byDigest := strings.Cut(name, "@")
	var found []Image
	for _, i := range all {
		switch {
		case byDigest && i.Target.Digest.String() == wanted, strings.HasPrefix(i.ID.Encoded(), hex) && isHex(hex):
			found = append(found, i)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Image{}, notFound(name)
	}
	return Image{}, errdefs.Invalid("ambiguous image ID: %s", name)
}

func notFound(name string) error {
	if named, err := Normalize(name); err == nil && !isHex(strings.TrimPrefix(name, "sha256:")) {
		return errdefs.NotFound("No such image: %s", reference.FamiliarString(named))
	}
	if named, err := Normalize(name); err == nil {
		name = reference.FamiliarString(named)
	}
	return errdefs.NotFound("No such image: %s", name)
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}

// all is every image, with its records, the newest first.
func (s *Service) all(ctx context.Context) ([]Image, error) {
	records, err := s.Records.List(ctx)
	if err != nil {
		return nil, err
	}
	byID := map[digest.Digest]*Image{}
	var order []*Image
	for _, r := range records {
		i, err := s.read(ctx, r.Target)
		if err != nil {
			continue // its content is not all here; it cannot be used
		}
		if byID[i.ID] == nil {
			byID[i.ID] = &i
			order = append(order, &i)
		}
		byID[i.ID].Records = append(byID[i.ID].Records, r)
	}
	all := make([]Image, len(order))
	for n, i := range order {
		slices.SortFunc(i.Records, func(a, b images.Image) int { return strings.Compare(a.Name, b.Name) })
		all[n] = *i
	}
	slices.SortStableFunc(all, func(a, b Image) int { return b.created().Compare(a.created()) })
	return all, nil
}

func (i Image) created() time.Time {
	if i.Config.Created == nil {
		return time.Time{}
	}
	return *i.Config.Created
}

// withRecords is the image of a record, with all records that lead to it.
func (s *Service) withRecords(ctx context.Context, record images.Image) (Image, error) {
	i, err := s.read(ctx, record.Target)
	if err != nil {
		return Image{}, err
	}
	i.Records = []images.Image{record}
	return i, nil
}

// read reads manifest and config of an image.
func (s *Service) read(ctx context.Context, target ocispec.Descriptor) (Image, error) {
	s.mu.Lock()
	i, ok := s.known[target.Digest]
	s.mu.Unlock()
	if ok {
		return i, nil
	}
	manifest, err := images.Manifest(ctx, s.Content, target, s.platform)
	if err != nil {
		return Image{}, err
	}
	data, err := content.ReadBlob(ctx, s.Content, manifest.Config)
	if err != nil {
		return Image{}, err
	}
	i = Image{ID: manifest.Config.Digest, Target: target, Layers: manifest.Layers, Size: manifest.Config.Size}
	if err := json.Unmarshal(data, &i.Config); err != nil {
		return Image{}, errdefs.Invalid("config of image %s: %v", i.ID, err)
	}
	for _, l := range manifest.Layers {
		i.Size += l.Size
	}
	s.mu.Lock()
	s.known[target.Digest] = i
	s.mu.Unlock()
	return i, nil
}

// Tags are the names of the image as a person writes them.
func (i Image) Tags() []string {
	tags := []string{}
	for _, r := range i.Records {
		if named, err := reference.ParseNormalizedNamed(r.Name); err == nil && !dangling(r.Name) {
			if _, ok := named.(reference.Tagged); ok {
				tags = append(tags, reference.FamiliarString(named))
			}
		}
	}
	return tags
}

// Digests are the names with the digest of the manifest, of pulled images.
func (i Image) Digests() []string {
	digests := []string{}
	for _, r := range i.Records {
		named, err := reference.ParseNormalizedNamed(r.Name)
		if err != nil || dangling(r.Name) || r.Labels[pulledLabel] == "" {
			continue
		}
		d := reference.FamiliarName(reference.TrimNamed(named)) + "@" + r.Target.Digest.String()
		if !slices.Contains(digests, d) {
			digests = append(digests, d)
		}
	}
	return digests
}

// pulledLabel marks a record whose manifest a registry has.
const pulledLabel = "engine/pulled"

// leased runs f under a lease, so that nothing it brings in is collected
// meanwhile.
func (s *Service) leased(ctx context.Context, f func(context.Context) error) error {
	const longest = 24 * time.Hour // should the daemon die, the lease goes after that
	lease, err := s.Leases.Create(ctx, leases.WithRandomID(), leases.WithExpiration(longest))
	if err != nil {
		return err
	}
	defer func() {
		// Synchronous: what a failed f left is gone when the client hears of it.
		_ = s.Leases.Delete(context.WithoutCancel(ctx), lease, leases.SynchronousDelete)
	}()
	return f(leases.WithLease(ctx, lease.ID))
}

// name makes a record, or moves one. The image that loses its last name so is
// kept, dangling, as docker does.
func (s *Service) name(ctx context.Context, record images.Image) error {
	old, err := s.Records.Get(ctx, record.Name)
	switch {
	case cerrdefs.IsNotFound(err):
		_, err := s.Records.Create(ctx, record)
		return err
	case err != nil:
		return err
	}
	if old.Target.Digest != record.Target.Digest {
		if err := s.keep(ctx, old); err != nil {
			return err
		}
	}
	_, err = s.Records.Update(ctx, record)
	return err
}

// keep makes a dangling record for the image of a record that is about to go,
// unless the image has another name.
func (s *Service) keep(ctx context.Context, record images.Image) error {
	i, err := s.read(ctx, record.Target)
	if err != nil {
		return nil //nolint:nilerr // what cannot be read is not worth keeping
	}
	all, err := s.all(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID == i.ID && len(other.Records) > 1 {
			return nil
		}
	}
	_, err = s.Records.Create(ctx, images.Image{Name: danglingPrefix + i.ID.String(), Target: record.Target})
	if cerrdefs.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// undangle removes the dangling record of an image that has a name again.
func (s *Service) undangle(ctx context.Context, id digest.Digest) error {
	err := s.Records.Delete(ctx, danglingPrefix+id.String())
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	return err
}
