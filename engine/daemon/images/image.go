package images

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/errdefs"
)

// Image is one image and the names it has.
type Image struct {
	ID          string   // sha256:…
	RepoTags    []string // as people write them: busybox:latest
	RepoDigests []string // busybox@sha256:…
	Config      *dockerspec.DockerOCIImageConfig
	Created     time.Time // zero if the image does not say
	Size        int64     // of all its layers, unpacked

	manifest *manifest
	records  []record
}

// CheckPlatform says whether the image is for another platform than the one that
// is asked for, if one is.
func (i Image) CheckPlatform(name, wanted string) error {
	if wanted == "" {
		return nil
	}
	p, err := platforms.Parse(wanted)
	if err != nil {
		return errdefs.Invalid("error parsing specified platform: %q: %v", wanted, err)
	}
	if i.manifest == nil || i.manifest.file.OS == "" {
		return nil // it does not say
	}
	have := platforms.Normalize(i.manifest.file.Platform)
	if platforms.Only(p).Match(have) {
		return nil
	}
	return errdefs.NotFound("image with reference %s was found but does not match the specified platform: wanted %s, actual: %s", name, platforms.Format(p), platforms.Format(have))
}

// record is a name of an image in containerd's store.
type record struct {
	name   string
	ref    reference.Named // nil for an image without a name
	target ocispec.Descriptor
	tagged time.Time
}

func (r record) isDigest() bool {
	_, ok := r.ref.(reference.Canonical)
	return ok
}

// familiar is the name as people write it.
func (r record) familiar() string { return reference.FamiliarString(r.ref) }

// named are the records that people know of.
func (i Image) named() []record {
	return slices.DeleteFunc(slices.Clone(i.records), func(r record) bool { return r.ref == nil })
}

// Get finds an image by a name, or by its ID or the beginning of it.
func (s *stores) Get(ctx context.Context, name string) (Image, error) {
	ref, err := reference.ParseAnyReference(name)
	if err != nil {
		return Image{}, errdefs.Invalid("%w", err)
	}
	all, err := s.all(ctx)
	if err != nil {
		return Image{}, err
	}
	found, ok := find(all, name, ref)
	if !ok {
		return Image{}, noSuchImage(ref)
	}
	return s.sized(ctx, found)
}

// find is the image that a name leads to. A tag goes before the beginning of an
// ID: a person who calls an image "cafe" means that one.
func find(all []Image, name string, ref reference.Reference) (Image, bool) {
	named, ok := ref.(reference.Named)
	if !ok { // 64 hexadecimal digits, or an ID in full
		i := slices.IndexFunc(all, func(i Image) bool { return i.ID == ref.String() })
		if i < 0 {
			return Image{}, false
		}
		return all[i], true
	}
	wanted := recordName(named)
	for _, i := range all {
		if slices.ContainsFunc(i.records, func(r record) bool { return r.name == wanted }) {
			return i, true
		}
	}
	var byID []Image
	for _, i := range all {
		if hasIDPrefix(i.ID, name) {
			byID = append(byID, i)
		}
	}
	if len(byID) != 1 {
		return Image{}, false
	}
	return byID[0], true
}

func hasIDPrefix(id, prefix string) bool {
	_, hex, _ := strings.Cut(id, ":")
	return prefix != "" && (strings.HasPrefix(id, prefix) || strings.HasPrefix(hex, prefix))
}

func noSuchImage(ref reference.Reference) error {
	if named, ok := ref.(reference.Named); ok {
		ref = reference.TagNameOnly(named)
		return errdefs.NotFound("No such image: %s", reference.FamiliarString(ref.(reference.Named)))
	}
	return errdefs.NotFound("No such image: %s", ref.String())
}

// all are the images there are, the newest first.
func (s *stores) all(ctx context.Context) ([]Image, error) {
	records, err := s.Images.List(ctx)
	if err != nil {
		return nil, err
	}
	byID := map[string]*Image{}
	seen := map[digest.Digest]bool{}
	for _, r := range records {
		m, err := s.manifest(ctx, r.Target)
		if cerrdefs.IsNotFound(err) {
			continue // of another platform, or another client's and not whole
		}
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", r.Name, err)
		}
		seen[r.Target.Digest] = true
		id := m.config.Digest.String()
		if byID[id] == nil {
			byID[id] = &Image{ID: id, Config: &m.file.Config, Created: m.created(), manifest: m}
		}
		byID[id].add(r)
	}
	s.read.Range(func(target, _ any) bool {
		if !seen[target.(digest.Digest)] {
			s.read.Delete(target)
		}
		return true
	})
	all := make([]Image, 0, len(byID))
	for _, i := range byID {
		all = append(all, *i)
	}
	slices.SortFunc(all, func(a, b Image) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// add gives an image one more name. Records come in the order of their names.
func (i *Image) add(r images.Image) {
	added := record{name: r.Name, target: r.Target, tagged: r.UpdatedAt}
	if ref, err := reference.ParseNamed(r.Name); err == nil {
		added.ref = ref
		if added.isDigest() {
			i.RepoDigests = append(i.RepoDigests, added.familiar())
		} else {
			i.RepoTags = append(i.RepoTags, added.familiar())
		}
	}
	i.records = append(i.records, added)
}

// manifest is what an image is made of.
type manifest struct {
	target ocispec.Descriptor // of the manifest itself
	config ocispec.Descriptor
	layers []ocispec.Descriptor // from the bottom up
	chains []digest.Digest      // one for each layer
	file   configFile
}

// configFile is an image's configuration.
type configFile struct {
	dockerspec.DockerOCIImage
	Comment string `json:"comment,omitempty"`
}

func (m *manifest) created() time.Time {
	if m.file.Created == nil {
		return time.Time{}
	}
	return *m.file.Created
}

// chain is what all layers make together; empty for an image without layers.
func (m *manifest) chain() string {
	if len(m.chains) == 0 {
		return ""
	}
	return m.chains[len(m.chains)-1].String()
}

// manifest reads what a record leads to.
func (s *stores) manifest(ctx context.Context, target ocispec.Descriptor) (*manifest, error) {
	if m, ok := s.read.Load(target.Digest); ok {
		return m.(*manifest), nil
	}
	m, err := readManifest(ctx, s.Content, target, s.Platform)
	if err == nil {
		s.read.Store(target.Digest, m)
	}
	return m, err
}

// readManifest reads the manifest for a platform and the configuration it
// names.
func readManifest(ctx context.Context, blobs content.Provider, target ocispec.Descriptor, platform platforms.MatchComparer) (*manifest, error) {
	target, err := pick(ctx, blobs, target, platform)
	if err != nil {
		return nil, err
	}
	// The name that an archive gave it would stay with it.
	target.Annotations = nil
	var parsed ocispec.Manifest
	if err := readJSON(ctx, blobs, target, &parsed); err != nil {
		return nil, err
	}
	m := &manifest{target: target, config: parsed.Config, layers: parsed.Layers}
	if !images.IsConfigType(m.config.MediaType) {
		return nil, errdefs.Invalid("%s is not an image that can run: its configuration is of type %q", target.Digest, m.config.MediaType)
	}
	if err := readJSON(ctx, blobs, m.config, &m.file); err != nil {
		return nil, err
	}
	diffIDs := m.file.RootFS.DiffIDs
	if len(diffIDs) != len(m.layers) {
		return nil, errdefs.Invalid("invalid manifest, layers length mismatch: expected %d, got %d", len(m.layers), len(diffIDs))
	}
	for _, d := range diffIDs {
		if err := d.Validate(); err != nil {
			return nil, errdefs.Invalid("invalid layer %q: %w", d, err)
		}
	}
	m.chains = identity.ChainIDs(slices.Clone(diffIDs))
	return m, nil
}

// maxDepth is how deep indexes may be in each other.
const maxDepth = 4

// pick follows indexes to the manifest for a platform.
func pick(ctx context.Context, blobs content.Provider, target ocispec.Descriptor, platform platforms.MatchComparer) (ocispec.Descriptor, error) {
	for range maxDepth {
		switch {
		case images.IsManifestType(target.MediaType):
			return target, nil
		case !images.IsIndexType(target.MediaType):
			return target, errdefs.Invalid("%s is not an image: it is of type %q", target.Digest, target.MediaType)
		}
		var err error
		if target, err = choose(ctx, blobs, target, platform); err != nil {
			return target, err
		}
	}
	return target, errdefs.Invalid("%s is an index of indexes", target.Digest)
}

// choose is the entry of an index that fits a platform best.
func choose(ctx context.Context, blobs content.Provider, target ocispec.Descriptor, platform platforms.MatchComparer) (ocispec.Descriptor, error) {
	var index ocispec.Index
	if err := readJSON(ctx, blobs, target, &index); err != nil {
		return target, err
	}
	match := slices.DeleteFunc(index.Manifests, func(d ocispec.Descriptor) bool {
		return d.Platform != nil && !platform.Match(*d.Platform)
	})
	if len(match) == 0 {
		return target, errdefs.NotFound("no matching manifest for %s in the manifest list entries", platformName(platform))
	}
	return slices.MinFunc(match, func(a, b ocispec.Descriptor) int {
		switch {
		case a.Platform == nil && b.Platform == nil:
			return 0
		case a.Platform == nil:
			return 1
		case b.Platform == nil || platform.Less(*a.Platform, *b.Platform):
			return -1
		case platform.Less(*b.Platform, *a.Platform):
			return 1
		}
		return 0
	}), nil
}

// platform is one that a request asks for.
type platform struct {
	platforms.MatchComparer
	name string
}

// platformName is what a matcher looks for, for messages.
func platformName(p platforms.MatchComparer) string {
	if named, ok := p.(platform); ok {
		return named.name
	}
	return platforms.Format(platforms.DefaultSpec())
}

// maxJSON is more than any manifest or configuration has. What is larger is a
// layer that a hostile archive calls one, and would fill the memory.
const maxJSON = 8 << 20

// readJSON reads a blob of JSON.
func readJSON(ctx context.Context, blobs content.Provider, d ocispec.Descriptor, into any) error {
	if err := d.Digest.Validate(); err != nil {
		return errdefs.Invalid("invalid digest %q: %w", d.Digest, err)
	}
	if d.Size > maxJSON {
		return errdefs.Invalid("%s is too large for a manifest or a configuration: %d bytes", d.Digest, d.Size)
	}
	data, err := content.ReadBlob(ctx, limitedProvider{blobs}, d)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return errdefs.Invalid("%s is not valid: %w", d.Digest, err)
	}
	return nil
}

// limitedProvider opens no large blobs that say they are JSON: a descriptor can
// lie about the size.
type limitedProvider struct{ content.Provider }

func (l limitedProvider) ReaderAt(ctx context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	r, err := l.Provider.ReaderAt(ctx, d)
	if err != nil {
		return nil, err
	}
	if r.Size() > maxJSON && d.MediaType != "" && !images.IsLayerType(d.MediaType) {
		_ = r.Close()
		return nil, errdefs.Invalid("%s is too large for a manifest or a configuration: %d bytes", d.Digest, r.Size())
	}
	return r, nil
}
