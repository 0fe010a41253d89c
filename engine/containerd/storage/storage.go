// Package storage opens what containerd keeps on disk, on containerd's own
// libraries.
//
// Words. Content is blobs by their digest. A snapshot is a layer's files, or
// what a container writes on top. Metadata, a bolt database, holds everything
// else: the namespaces, and in each the names of images, the records of
// containers, the leases, the labels, and which content and snapshots belong to
// it. A thing is reached from an image, a container, a lease or a label of what
// is reached; what nothing reaches is collected (collect.go).
//
// The folders under the root are containerd's too, so a root can be handed over
// from one to the other.
package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/diff/apply"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/leases"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/containerd/v2/plugins/diff/walking"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/containerd/log"
	bolt "go.etcd.io/bbolt"
)

// Snapshotter is the name of the snapshotter there is.
const Snapshotter = "overlayfs"

// Folders under the root.
const (
	contentDir   = "io.containerd.content.v1.content"
	snapshotsDir = "io.containerd.snapshotter.v1.overlayfs"
	metadataDir  = "io.containerd.metadata.v1.bolt"
	mountsDir    = "tmpmounts"
)

// Storage is the open storage.
type Storage struct {
	Content    content.Store
	Images     images.Store
	Containers containers.Store
	Leases     leases.Manager
	Snapshots  snapshots.Snapshotter
	Namespaces *Namespaces
	Applier    diff.Applier  // unpacks layers into mounts
	Comparer   diff.Comparer // packs what one mount has over another
	Collector  *Collector

	bolt        *bolt.DB
	snapshotter snapshots.Snapshotter
}

// lockTime is how long another process may take to let go of the metadata.
const lockTime = 5 * time.Second

// Open opens the storage under root, which nobody else may have open. What
// changes is told to told.
func Open(ctx context.Context, root string, told events.Publisher) (_ *Storage, err error) {
	if err := clearMounts(ctx, root); err != nil {
		return nil, err
	}
	store, err := local.NewStore(filepath.Join(root, contentDir))
	if err != nil {
		return nil, fmt.Errorf("content: %w", err)
	}
	// A removed snapshot's files go with the next collection: whoever removes a
	// container need not wait for them. Where its files are is said in a label: how
	// many bytes they have is counted there.
	snapshotter, err := overlay.NewSnapshotter(filepath.Join(root, snapshotsDir), overlay.AsynchronousRemove, overlay.WithUpperdirLabel)
	if err != nil {
		return nil, fmt.Errorf("snapshots: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(root, metadataDir), 0o711); err != nil {
		return nil, errors.Join(err, snapshotter.Close())
	}
	options := *bolt.DefaultOptions
	options.Timeout = lockTime
	options.NoFreelistSync = true // less to write for each change; it is rebuilt when opened
	options.NoStatistics = true
	file, err := bolt.Open(filepath.Join(root, metadataDir, "meta.db"), 0o600, &options)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("metadata: %w", err), snapshotter.Close())
	}
	db := metadata.NewDB(file, newBlobs(store), map[string]snapshots.Snapshotter{Snapshotter: snapshotter}, metadata.WithEventsPublisher(told))
	if err := db.Init(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("metadata: %w", err), file.Close(), snapshotter.Close())
	}
	return &Storage{
		Content:    db.ContentStore(),
		Images:     metadata.NewImageStore(db),
		Containers: metadata.NewContainerStore(db),
		Leases:     metadata.NewLeaseManager(db),
		Snapshots:  db.Snapshotter(Snapshotter),
		Namespaces: &Namespaces{db},
		Applier:    apply.NewFileSystemApplier(db.ContentStore()),
		Comparer:   walking.NewWalkingDiff(db.ContentStore()),
		Collector:  newCollector(db),

		bolt: file, snapshotter: snapshotter,
	}, nil
}

// clearMounts names the folder where layers are mounted while they are packed
// and unpacked, and unmounts what a killed process left there.
func clearMounts(ctx context.Context, root string) error {
	if err := mount.SetTempMountLocation(filepath.Join(root, mountsDir)); err != nil {
		return err
	}
	left, err := mount.CleanupTempMounts(0)
	for _, err := range left {
		log.G(ctx).WithError(err).Warn("a mount stays")
	}
	return err
}

// Close closes the storage. Nobody may use it any more.
func (s *Storage) Close() error {
	return errors.Join(s.bolt.Close(), s.snapshotter.Close())
}
