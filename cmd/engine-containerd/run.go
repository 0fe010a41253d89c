package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/api/services/introspection/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/core/events/exchange"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/log"
	"github.com/containerd/platforms"
	"github.com/containerd/ttrpc"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"

	"github.com/callroute/callroute/engine/containerd/lock"
	"github.com/callroute/callroute/engine/containerd/server"
	"github.com/callroute/callroute/engine/containerd/storage"
	"github.com/callroute/callroute/engine/containerd/task"
	"github.com/callroute/callroute/engine/errdefs"
)

// run makes everything there is and serves it until ctx ends.
func run(ctx context.Context, o options) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	for _, dir := range []string{o.root, o.state} {
		release, err := lock.Take(dir)
		if err != nil {
			return err
		}
		defer release()
		if o.state == o.root {
			break
		}
	}
	uuid, err := identity(o.root)
	if err != nil {
		return err
	}
	events := exchange.NewExchange()
	store, err := storage.Open(ctx, o.root, events)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	shimSocket := o.address + ".ttrpc"
	tasks := task.New(task.Config{
		Bundles:    filepath.Join(o.state, "io.containerd.runtime.v2.task"),
		Work:       filepath.Join(o.root, "io.containerd.runtime.v2.task"),
		ShimBinary: o.shim,
		Shims:      &shims{address: o.address, events: shimSocket, state: o.state, debug: o.logLevel == "debug" || o.logLevel == "trace"},
		Containers: store.Containers, Content: store.Content, Events: events,
	})
	forClients := server.New(server.Config{
		Tasks: tasks,
		Stores: server.Stores{
			Containers: store.Containers, Images: store.Images, Content: store.Content, Leases: store.Leases,
			Snapshots: map[string]snapshots.Snapshotter{storage.Snapshotter: store.Snapshots},
			Applier:   store.Applier, Comparer: store.Comparer,
			Namespaces: store.Namespaces, Collect: store.Collector.Collect,
		},
		Events: events, UUID: uuid, Plugins: plugins(),
	})
	forShims, err := server.NewForShims(events)
	if err != nil {
		return err
	}
	return serve(ctx, o, services{
		collector: store.Collector, tasks: tasks,
		forClients: forClients, forShims: forShims, shimSocket: shimSocket,
	})
}

// check refuses what nothing could come of, and makes paths absolute: shims
// work elsewhere.
func (o *options) check() error {
	if err := log.SetLevel(o.logLevel); err != nil {
		return errdefs.Invalid("--log-level: %w", err)
	}
	for _, f := range []struct {
		name string
		path *string
	}{{"address", &o.address}, {"root", &o.root}, {"state", &o.state}} {
		if *f.path == "" {
			return errdefs.Invalid("--%s is empty", f.name)
		}
		abs, err := filepath.Abs(*f.path)
		if err != nil {
			return err
		}
		*f.path = abs
	}
	if o.shim == "" {
		return nil
	}
	abs, err := filepath.Abs(o.shim)
	o.shim = abs
	return err
}

// plugins are the parts that clients look for by the names of containerd's
// plugins.
func plugins() []*introspection.Plugin {
	p := platforms.DefaultSpec()
	here := []*types.Platform{{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant}}
	return []*introspection.Plugin{
		{Type: "io.containerd.content.v1", ID: "content"},
		{Type: "io.containerd.snapshotter.v1", ID: storage.Snapshotter, Platforms: here},
		{Type: "io.containerd.metadata.v1", ID: "bolt"},
		{Type: "io.containerd.differ.v1", ID: "walking", Platforms: here},
		{Type: "io.containerd.gc.v1", ID: "scheduler"},
		{Type: "io.containerd.lease.v1", ID: "manager"},
		{Type: "io.containerd.runtime.v2", ID: "task", Platforms: here},
	}
}

// services are what serve serves.
type services struct {
	collector  *storage.Collector
	tasks      *task.Tasks
	forClients *grpc.Server
	forShims   *ttrpc.Server
	shimSocket string
}

// serve answers until ctx ends. Shims can send events before the tasks are
// loaded, as some will have waited for that; clients come last. When it returns
// nobody is served any more and nothing is collected.
func serve(ctx context.Context, o options, s services) error {
	shimListener, err := listen(s.shimSocket)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := s.forShims.Serve(ctx, shimListener); !errors.Is(err, ttrpc.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		s.collector.Run(ctx)
		return nil
	})
	group.Go(func() error {
		if err := s.tasks.Reload(ctx); err != nil {
			return err
		}
		clientListener, err := listen(o.address)
		if err != nil {
			return err
		}
		log.G(ctx).Infof("serving on %s", o.address)
		if err := s.forClients.Serve(clientListener); !errors.Is(err, grpc.ErrServerStopped) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		s.forClients.Stop()
		return s.forShims.Close()
	})
	return group.Wait()
}

// longestSocket is what the kernel's address has room for.
const longestSocket = len(unix.RawSockaddrUnix{}.Path) - 1

// listen makes a socket that only root and its group may use. One that a killed
// process left is replaced.
func listen(path string) (net.Listener, error) {
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return nil, errdefs.Conflict("%s is the socket of another process", path)
	}
	if len(path) > longestSocket {
		return nil, errdefs.Invalid("%s is longer than the %d bytes that the path of a socket may have", path, longestSocket)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o711); err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, errdefs.Conflict("%s is there and not a socket", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w", err)
	}
	if err := os.Chmod(path, 0o660); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
