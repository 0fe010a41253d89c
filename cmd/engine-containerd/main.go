// Command engine-containerd keeps images and snapshots and runs containers,
// each through a shim. It has containerd's place in the engine and speaks
// containerd's API.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	eventsapi "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/log"
	"github.com/containerd/ttrpc"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/callroute/callroute/engine/containerd/server"
	"github.com/callroute/callroute/engine/containerd/storage"
	"github.com/callroute/callroute/engine/containerd/task"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "engine-containerd: %v\n", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	address, root, state, logLevel string
}

func command() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "engine-containerd",
		Short: "Keep images and run containers",
		Long: `engine-containerd keeps images and snapshots under --root and runs containers,
whose bundles are under --state, each through a shim. engined starts it; any
client of containerd can talk to it.`,
		Example: `  engine-containerd --address /run/engine/containerd/containerd.sock
  ctr -a /run/engine/containerd/containerd.sock images ls`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.address, "address", "a", "/run/engine-containerd/containerd.sock", "`SOCKET` to serve gRPC on")
	flags.StringVar(&o.root, "root", "/var/lib/engine-containerd", "`DIR` of images and snapshots")
	flags.StringVar(&o.state, "state", "/run/engine-containerd", "`DIR` of what does not outlive a boot")
	flags.StringVarP(&o.logLevel, "log-level", "l", "info", "trace, debug, info, warn, error, fatal or panic")
	return cmd
}

func (o *options) run(ctx context.Context) error {
	if err := log.SetLevel(o.logLevel); err != nil {
		return err
	}
	if err := storage.Prepare(o.root, o.state); err != nil {
		return err
	}
	release, err := lock(filepath.Join(o.root, "lock"))
	if err != nil {
		return err
	}
	defer release()
	store, err := storage.Open(ctx, o.root, o.state, o.address)
	if err != nil {
		return err
	}
	uuid, err := task.Identity(o.root)
	if err != nil {
		return err
	}
	events := o.address + ".ttrpc"
	tasks := task.New(task.Config{
		Bundles:    filepath.Join(o.state, "io.containerd.runtime.v2.task"),
		Shims:      &shims{address: o.address, events: events, state: o.state, debug: o.logLevel == "debug" || o.logLevel == "trace"},
		Containers: store.Containers(), Content: store.Content(), Events: store.Events(),
	})
	grpcServer, err := server.New(server.Config{Tasks: tasks, Content: store.Content(), Runtime: tasks, UUID: uuid, Register: store.Register})
	if err != nil {
		return err
	}
	ttrpcServer, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	eventsapi.RegisterTTRPCEventsService(ttrpcServer, server.NewEvents(store.Events()))
	return o.serve(ctx, grpcServer, ttrpcServer, events, tasks)
}

// serve answers until ctx ends. Shims can send events before the tasks are
// loaded, as some will have waited for that; clients come last.
func (o *options) serve(ctx context.Context, g *grpc.Server, t *ttrpc.Server, events string, tasks *task.Tasks) error {
	eventsSocket, err := listen(events)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := t.Serve(ctx, eventsSocket)
		if errors.Is(err, ttrpc.ErrServerClosed) {
			return nil
		}
		return err
	})
	if err := tasks.Reload(ctx); err != nil {
		return err
	}
	socket, err := listen(o.address)
	if err != nil {
		return err
	}
	group.Go(func() error { return g.Serve(socket) })
	log.G(ctx).Infof("serving on %s", o.address)
	<-ctx.Done()
	g.Stop()
	return errors.Join(t.Close(), group.Wait())
}

// listen makes a socket that only root may use. One that a killed process left
// is taken over: the lock says that no other process is alive.
func listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o711); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o660)
}

// lock makes sure that no other process uses a folder.
func lock(path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is in use by another engine-containerd", filepath.Dir(path))
	}
	return func() { f.Close() }, nil
}
