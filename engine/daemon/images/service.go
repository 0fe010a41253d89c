// Package images keeps the engine's images, on containerd's stores.
//
// Words. A record is an entry of containerd's image store: a name and the
// descriptor of a manifest, for one platform. An image is a configuration and
// the layers under it; its ID is the configuration's digest. Several records
// may lead to one image: one for each tag ("docker.io/library/busybox:latest"),
// one for each digest it was pulled by ("…busybox@sha256:…"). An image that has
// lost its last name keeps one record, "<none>@" and its ID; without it the
// image would be collected. A chain is what the layers up to one of them make
// together; each is a snapshot, and so is what a container writes on top.
//
// An image comes in by load.go, pull.go or import.go, each in the same phases:
//  1. a session: a lease, so that nothing that comes in is collected, and names
//     of its own for the blobs on their way in;
//  2. blobs into the content store;
//  3. layers unpacked into snapshots (unpack.go);
//  4. records (names.go), which take over from the lease;
//  5. the end of the session: blobs that were not finished are dropped, and
//     after a failure what had come in is collected.
//
// It goes out by save.go, into a container's filesystem by create.go, and away
// by rmi.go and prune.go, after which containerd collects what nothing leads to.
//
// What this package does not see: containers. Who uses an image is asked of the
// daemon (Config.Users).
package images

import (
	"context"
	"strings"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/leases"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/platforms"
	"github.com/moby/moby/api/types/events"
	"github.com/opencontainers/go-digest"
)

// Config says where images are kept and whom to ask and tell about them.
type Config struct {
	Content     content.Store
	Images      images.Store
	Snapshots   snapshots.Snapshotter
	Snapshotter string // the name of Snapshots, which labels for the collector hold
	Leases      leases.Manager
	Applier     diff.Applier

	// Users names the containers that were made from an image. Nil is none.
	Users func(imageID string) []User
	// Event is told what happened to an image. Nil tells nobody.
	Event func(action events.Action, id string, attributes map[string]string)
	// Platform is the one that images are taken for; nil is the machine's.
	Platform platforms.MatchComparer
}

// User is a container that was made from an image.
type User struct {
	ID      string
	Running bool
}

// Service is the engine's images. It is made of parts, by what they do with an
// image; all of them work on the same stores.
type Service struct {
	*stores
	*collector
	*catalog
	*arrivals
	*departures
	*removals
	*filesystems
}

type (
	// catalog tells what images there are, and names them.
	catalog struct{ *stores }
	// arrivals brings images in.
	arrivals struct{ *stores }
	// departures sends images out.
	departures struct{ *stores }
	// removals takes images away.
	removals struct{ *stores }
	// filesystems makes those of containers.
	filesystems struct{ *collector }
)

// stores is what the parts share: containerd's stores, and what was read of them.
type stores struct {
	Config
	// names is held while records change: which image a name leads to decides
	// what happens to others.
	names sync.Mutex
	// unpacking holds one value while nobody unpacks: two at once would unpack
	// the same layers twice.
	unpacking chan struct{}
	// read is what was read of images, by the digest of the manifest. Content
	// never changes, so neither does this.
	read sync.Map // digest.Digest → *manifest
	// sizes is the sizes of chains, which never change either.
	sizes sync.Map // digest.Digest → int64
}

// New is the images of containerd's stores.
func New(c Config) *Service {
	if c.Platform == nil {
		c.Platform = platforms.Default()
	}
	if c.Users == nil {
		c.Users = func(string) []User { return nil }
	}
	if c.Event == nil {
		c.Event = func(events.Action, string, map[string]string) {}
	}
	shared := &stores{Config: c, unpacking: make(chan struct{}, 1)}
	shared.unpacking <- struct{}{}
	unused := &collector{stores: shared}
	return &Service{
		stores: shared, collector: unused, catalog: &catalog{shared}, arrivals: &arrivals{shared},
		departures: &departures{shared}, removals: &removals{shared}, filesystems: &filesystems{unused},
	}
}

// Restore drops what an engine that was killed left on its way in. It is called
// before anything else comes in.
func (s *Service) Restore(ctx context.Context) error {
	ingests, err := s.Content.ListStatuses(ctx)
	if err != nil {
		return err
	}
	for _, ingest := range ingests {
		if strings.HasPrefix(ingest.Ref, sessionPrefix) {
			if err := s.Content.Abort(ctx, ingest.Ref); err != nil {
				return err
			}
		}
	}
	left, err := s.Leases.List(ctx)
	if err != nil {
		return err
	}
	for _, lease := range left {
		if strings.HasPrefix(lease.ID, sessionPrefix) {
			if err := s.Leases.Delete(ctx, lease); err != nil {
				return err
			}
		}
	}
	return s.Collect(ctx)
}

// event tells what happened to an image. The image's labels go along, as
// docker's do.
func (s *stores) event(action events.Action, id, name string, labels map[string]string) {
	attributes := map[string]string{}
	for k, v := range labels {
		attributes[k] = v
	}
	attributes["name"] = name
	s.Event(action, id, attributes)
}

// short is an ID as people see it.
func short(id digest.Digest) string { return shortHex(id.Encoded()) }

func shortHex(id string) string { return id[:min(12, len(id))] }
