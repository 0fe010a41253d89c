package server

import (
	"context"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/leases"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/pkg/namespaces"
)

// Stores are what is kept on disk.
type Stores struct {
	Containers containers.Store
	Images     images.Store
	Content    content.Store
	Snapshots  map[string]snapshots.Snapshotter // by the name of the snapshotter
	Applier    diff.Applier
	Comparer   diff.Comparer
	Leases     leases.Manager
	Namespaces Namespaces
	Collect    Collect
}

// Collect removes what nothing reaches, and waits for that.
type Collect func(context.Context) error

// Namespaces are the namespaces that everything else is in. Each call is one
// transaction.
type Namespaces interface {
	View(ctx context.Context, read func(context.Context, namespaces.Store) error) error
	Update(ctx context.Context, change func(context.Context, namespaces.Store) error) error
}
