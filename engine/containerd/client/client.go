// Package client is containerd as the daemon sees it: one method for each verb,
// each in the file of its name, over containerd's gRPC API.
//
// It speaks to any containerd; the runtime that containers are made with is a
// setting. Stores gives what containerd keeps, through containerd's own
// clients. Errors are of the classes of containerd's errdefs.
//
// The connection is made when it is first needed, and again after containerd
// was restarted: what is asked meanwhile waits for a while. What was under way is
// asked again if it only reads; else it fails with the class Unavailable, as
// nobody knows how far it came.
package client

import (
	"github.com/containerd/containerd/api/services/containers/v1"
	contentapi "github.com/containerd/containerd/api/services/content/v1"
	diffapi "github.com/containerd/containerd/api/services/diff/v1"
	imagesapi "github.com/containerd/containerd/api/services/images/v1"
	"github.com/containerd/containerd/api/services/introspection/v1"
	leasesapi "github.com/containerd/containerd/api/services/leases/v1"
	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/api/services/tasks/v1"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/content"
	contentproxy "github.com/containerd/containerd/v2/core/content/proxy"
	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/leases"
	leasesproxy "github.com/containerd/containerd/v2/core/leases/proxy"
	"github.com/containerd/containerd/v2/core/snapshots"
	snapshotsproxy "github.com/containerd/containerd/v2/core/snapshots/proxy"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"google.golang.org/grpc"
)

// Config says which containerd, and how to use it.
type Config struct {
	Address   string // path of its socket
	Namespace string // all names are within it
	Runtime   string // of new containers: io.containerd.NAME.vN or a path
	// RuntimeRoot is handed to the runtime's shim; empty leaves it to that.
	RuntimeRoot string
}

// Client is containerd, over one connection.
type Client struct {
	*connection
	*creator
}

// creator makes containers, and leaves nothing of those that it could not make.
type creator struct{ *connection }

// connection is what the verbs share.
type connection struct {
	config        Config
	conn          *grpc.ClientConn
	tasks         tasks.TasksClient
	containers    containers.ContainersClient
	introspection introspection.IntrospectionClient
}

// Snapshotter is the name of the snapshotter that the engine uses.
const Snapshotter = "overlayfs"

// New is a client that has not connected yet.
func New(c Config) (*Client, error) {
	conn, err := dial(c)
	if err != nil {
		return nil, err
	}
	shared := &connection{
		config: c, conn: conn,
		tasks:         tasks.NewTasksClient(conn),
		containers:    containers.NewContainersClient(conn),
		introspection: introspection.NewIntrospectionClient(conn),
	}
	return &Client{shared, &creator{shared}}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Stores is what containerd keeps.
type Stores struct {
	Content   content.Store
	Images    images.Store
	Snapshots snapshots.Snapshotter
	Leases    leases.Manager
	Diff      containerd.DiffService
}

// Applier unpacks layers.
func (s Stores) Applier() diff.Applier { return s.Diff }

// Comparer packs them.
func (s Stores) Comparer() diff.Comparer { return s.Diff }

// Stores are clients of what containerd keeps.
func (c *Client) Stores() Stores {
	return Stores{
		Content:   contentproxy.NewContentStore(contentapi.NewContentClient(c.conn)),
		Images:    containerd.NewImageStoreFromClient(imagesapi.NewImagesClient(c.conn)),
		Snapshots: snapshotsproxy.NewSnapshotter(snapshotsapi.NewSnapshotsClient(c.conn), Snapshotter),
		Leases:    leasesproxy.NewLeaseManager(leasesapi.NewLeasesClient(c.conn)),
		Diff:      containerd.NewDiffServiceFromClient(diffapi.NewDiffClient(c.conn)),
	}
}

// failed is an error of gRPC as one of the engine's classes, nil for none.
func failed(err error) error { return errgrpc.ToNative(err) }
