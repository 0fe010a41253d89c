// Package storage opens what containerd keeps on disk: content, snapshots and
// the metadata that ties them together, with its garbage collection, and the
// gRPC services over them.
//
// All of it is containerd's own, taken from its libraries. They come as plugins
// that find each other in a registry; Open names the ones this engine has and
// starts them in the order of their needs, so that what runs is written here.
package storage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/events/exchange"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/plugins"
	_ "github.com/containerd/containerd/v2/plugins/content/local/plugin"     // blobs in files
	_ "github.com/containerd/containerd/v2/plugins/diff/walking/plugin"      // layers from and to folders
	_ "github.com/containerd/containerd/v2/plugins/events"                   // the exchange
	_ "github.com/containerd/containerd/v2/plugins/gc"                       // when to collect
	_ "github.com/containerd/containerd/v2/plugins/leases"                   // what not to collect
	_ "github.com/containerd/containerd/v2/plugins/metadata"                 // bbolt
	_ "github.com/containerd/containerd/v2/plugins/services/containers"      // records of containers
	_ "github.com/containerd/containerd/v2/plugins/services/content"         // and so on: the services
	_ "github.com/containerd/containerd/v2/plugins/services/diff"            // that clients call
	_ "github.com/containerd/containerd/v2/plugins/services/events"          //
	_ "github.com/containerd/containerd/v2/plugins/services/healthcheck"     //
	_ "github.com/containerd/containerd/v2/plugins/services/images"          //
	_ "github.com/containerd/containerd/v2/plugins/services/leases"          //
	_ "github.com/containerd/containerd/v2/plugins/services/namespaces"      //
	_ "github.com/containerd/containerd/v2/plugins/services/snapshots"       //
	_ "github.com/containerd/containerd/v2/plugins/services/version"         //
	_ "github.com/containerd/containerd/v2/plugins/services/warning"         // needed by images
	_ "github.com/containerd/containerd/v2/plugins/snapshots/overlay/plugin" // overlayfs
	"github.com/containerd/plugin"
	"github.com/containerd/plugin/registry"
	"google.golang.org/grpc"
)

// parts are the kinds of plugins that the engine has. Others that the libraries
// bring along stay off.
var parts = []plugin.Type{
	plugins.ContentPlugin, plugins.SnapshotPlugin, plugins.EventPlugin, plugins.MetadataPlugin, plugins.LeasePlugin,
	plugins.GCPlugin, plugins.DiffPlugin, plugins.WarningPlugin, plugins.ServicePlugin, plugins.GRPCPlugin,
}

// Storage is the open storage.
type Storage struct {
	metadata *metadata.DB
	exchange *exchange.Exchange
	services []service
	parts    []*plugin.Plugin
}

// service is what a plugin of type GRPCPlugin makes.
type service interface {
	Register(*grpc.Server) error
}

// Open opens the storage under root, whose transient files are under state. It
// fails if another process has it open. Its garbage collection ends with ctx.
func Open(ctx context.Context, root, state, address string) (*Storage, error) {
	s := &Storage{}
	set := plugin.NewPluginSet()
	off := func(r *plugin.Registration) bool { return !slices.Contains(parts, r.Type) }
	for _, r := range registry.Graph(off) {
		ic := plugin.NewContext(ctx, set, map[string]string{
			plugins.PropertyRootDir:     filepath.Join(root, r.URI()),
			plugins.PropertyStateDir:    filepath.Join(state, r.URI()),
			plugins.PropertyGRPCAddress: address,
		})
		ic.RegisterReadiness = func() func() { return func() {} }
		ic.Config = r.Config
		p := r.Init(ic)
		if err := set.Add(p); err != nil {
			return nil, err
		}
		instance, err := p.Instance()
		if plugin.IsSkipPlugin(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.URI(), err)
		}
		s.parts = append(s.parts, p)
		switch part := instance.(type) {
		case *metadata.DB:
			s.metadata = part
		case *exchange.Exchange:
			s.exchange = part
		}
		if r.Type == plugins.GRPCPlugin {
			if part, ok := instance.(service); ok {
				s.services = append(s.services, part)
			}
		}
	}
	if s.metadata == nil || s.exchange == nil {
		return nil, fmt.Errorf("the storage is not complete: no metadata or no events")
	}
	return s, nil
}

// Register serves the storage to clients.
func (s *Storage) Register(server *grpc.Server) error {
	for _, svc := range s.services {
		if err := svc.Register(server); err != nil {
			return err
		}
	}
	return nil
}

// Containers are the records of containers.
func (s *Storage) Containers() containers.Store { return metadata.NewContainerStore(s.metadata) }

// Content is the blobs.
func (s *Storage) Content() content.Store { return s.metadata.ContentStore() }

// Events is where everything that happens is told.
func (s *Storage) Events() *exchange.Exchange { return s.exchange }

// Parts are the plugins that run, for introspection.
func (s *Storage) Parts() []*plugin.Plugin { return s.parts }

// Prepare makes the folders of the storage, for nobody else to write.
func Prepare(root, state string) error {
	for _, dir := range []string{root, state} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return err
		}
	}
	return nil
}
