package storage

import (
	"context"

	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	bolt "go.etcd.io/bbolt"
)

// Namespaces are the namespaces that everything else is in. Most come to be
// with what is made in them first.
type Namespaces struct{ db *metadata.DB }

// View reads namespaces.
func (n *Namespaces) View(ctx context.Context, read func(context.Context, namespaces.Store) error) error {
	return n.db.View(func(tx *bolt.Tx) error { return read(ctx, metadata.NewNamespaceStore(tx)) })
}

// Update changes namespaces, all as change says or, if it fails, not at all.
func (n *Namespaces) Update(ctx context.Context, change func(context.Context, namespaces.Store) error) error {
	return n.db.Update(func(tx *bolt.Tx) error { return change(ctx, metadata.NewNamespaceStore(tx)) })
}
