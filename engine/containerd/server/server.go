// Package server serves containerd's gRPC API. The tasks, which are the
// engine's own, have a file for each verb; what is kept on disk has a file for
// each service over its store, which is containerd's; introspection and the
// version are in info.go.
//
// Requests and answers are containerd's. Errors are of the classes of
// containerd's errdefs, and are translated here, at the edge, to gRPC's codes.
//
// Every name is within a namespace, which the client sends with each request.
package server

import (
	"context"
	"runtime/debug"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/containers/v1"
	contentapi "github.com/containerd/containerd/api/services/content/v1"
	diffapi "github.com/containerd/containerd/api/services/diff/v1"
	eventsapi "github.com/containerd/containerd/api/services/events/v1"
	imagesapi "github.com/containerd/containerd/api/services/images/v1"
	"github.com/containerd/containerd/api/services/introspection/v1"
	leasesapi "github.com/containerd/containerd/api/services/leases/v1"
	namespacesapi "github.com/containerd/containerd/api/services/namespaces/v1"
	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/api/services/tasks/v1"
	ttrpcevents "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	versionapi "github.com/containerd/containerd/api/services/version/v1"
	"github.com/containerd/containerd/api/types"
	tasktypes "github.com/containerd/containerd/api/types/task"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins/services/content/contentserver"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/containerd/log"
	"github.com/containerd/ttrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
)

// Tasks is what the server asks of the core.
type Tasks interface {
	Create(ctx context.Context, r *tasks.CreateTaskRequest) (pid uint32, err error)
	Start(ctx context.Context, id, execID string) (pid uint32, err error)
	Kill(ctx context.Context, r *taskv3.KillRequest) error
	Exec(ctx context.Context, r *taskv3.ExecProcessRequest) error
	Pause(ctx context.Context, id string) error
	Resume(ctx context.Context, id string) error
	Update(ctx context.Context, r *taskv3.UpdateTaskRequest) error
	Checkpoint(ctx context.Context, id string, options *anypb.Any) ([]*types.Descriptor, error)
	ResizePty(ctx context.Context, r *taskv3.ResizePtyRequest) error
	CloseIO(ctx context.Context, r *taskv3.CloseIORequest) error
	Pids(ctx context.Context, id string) ([]*tasktypes.ProcessInfo, error)
	IDs(ctx context.Context) ([]string, error)
	Stats(ctx context.Context, id string) (*types.Metric, error)
	State(ctx context.Context, id, execID string) (*taskv3.StateResponse, error)
	List(ctx context.Context) ([]*taskv3.StateResponse, error)
	Wait(ctx context.Context, id, execID string) (*taskv3.WaitResponse, error)
	Remove(ctx context.Context, id, execID string) (*taskv3.DeleteResponse, error)
	Info(ctx context.Context, r *introspection.PluginInfoRequest) (*introspection.PluginInfoResponse, error)
}

// Config is what the server serves.
type Config struct {
	Tasks  Tasks
	Stores Stores
	Events Events
	UUID   string // of this engine, the same after a restart
	// Plugins are what clients that look for containerd's plugins find.
	Plugins []*introspection.Plugin
}

// service serves the tasks.
type service struct {
	tasks.UnimplementedTasksServer
	core Tasks
}

// New is a server with all services.
func New(c Config) *grpc.Server {
	s := grpc.NewServer(
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.UnaryInterceptor(unary), grpc.StreamInterceptor(stream),
		grpc.WaitForHandlers(true), // what a client began is ended before the process is
	)
	tasks.RegisterTasksServer(s, &service{core: c.Tasks})
	containers.RegisterContainersServer(s, &containerRecords{store: c.Stores.Containers, events: c.Events})
	imagesapi.RegisterImagesServer(s, &imageRecords{store: c.Stores.Images, collect: c.Stores.Collect})
	contentapi.RegisterContentServer(s, contentserver.New(c.Stores.Content))
	snapshotsapi.RegisterSnapshotsServer(s, &snapshotService{named: c.Stores.Snapshots})
	diffapi.RegisterDiffServer(s, &diffService{applier: c.Stores.Applier, comparer: c.Stores.Comparer})
	leasesapi.RegisterLeasesServer(s, &leaseService{leases: c.Stores.Leases, collect: c.Stores.Collect})
	namespacesapi.RegisterNamespacesServer(s, &namespaceService{store: c.Stores.Namespaces, events: c.Events})
	eventsapi.RegisterEventsServer(s, &eventService{exchange: c.Events})
	introspection.RegisterIntrospectionServer(s, &about{core: c.Tasks, uuid: c.UUID, plugins: c.Plugins})
	versionapi.RegisterVersionServer(s, &version{})
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	return s
}

// NewForShims is the server that shims tell their events.
func NewForShims(events Events) (*ttrpc.Server, error) {
	s, err := ttrpc.NewServer()
	if err != nil {
		return nil, err
	}
	ttrpcevents.RegisterTTRPCEventsService(s, &shimEvents{exchange: events})
	return s, nil
}

// maxMessage is containerd's.
const maxMessage = 16 << 20

// unary hands the namespace of a request on to what this process asks of others
// for it, and translates the error.
func unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(ctx, info.FullMethod, p)
		}
	}()
	resp, err = handler(withNamespace(ctx), req)
	return resp, failed(err)
}

// stream does so for one that sends or receives more than one message.
func stream(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(s.Context(), info.FullMethod, p)
		}
	}()
	return failed(handler(srv, &namespaced{s, withNamespace(s.Context())}))
}

func withNamespace(ctx context.Context) context.Context {
	if ns, ok := namespaces.Namespace(ctx); ok {
		return namespaces.WithNamespace(ctx, ns)
	}
	return ctx
}

type namespaced struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *namespaced) Context() context.Context { return s.ctx }

// failed is an error as gRPC carries it, nil for none.
func failed(err error) error { return errgrpc.ToGRPC(err) }

// panicked keeps one bad request from ending the containers' only overseer.
func panicked(ctx context.Context, method string, p any) error {
	log.G(ctx).Errorf("%s: panic: %v\n%s", method, p, debug.Stack())
	return failed(errdefs.Internal("%s failed; containerd's log says why", method))
}
