// Package server serves containerd's gRPC API: the tasks, which are the
// engine's own, a file for each verb; introspection; and the storage, which
// registers its services itself.
//
// Requests and answers are containerd's. Errors are of the classes of
// containerd's errdefs, and are translated here, at the edge, to gRPC's codes.
package server

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/services/introspection/v1"
	"github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types"
	tasktypes "github.com/containerd/containerd/api/types/task"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/containerd/task"
)

// Tasks is what the server asks of the core.
type Tasks interface {
	Create(ctx context.Context, r task.CreateRequest) (pid uint32, err error)
	Start(ctx context.Context, id, execID string) (pid uint32, err error)
	Kill(ctx context.Context, r *taskv3.KillRequest) error
	Exec(ctx context.Context, r *taskv3.ExecProcessRequest) error
	Pause(ctx context.Context, id string) error
	Resume(ctx context.Context, id string) error
	Update(ctx context.Context, r *taskv3.UpdateTaskRequest) error
	Checkpoint(ctx context.Context, id, dir string, options *anypb.Any) error
	ResizePty(ctx context.Context, r *taskv3.ResizePtyRequest) error
	CloseIO(ctx context.Context, r *taskv3.CloseIORequest) error
	Pids(ctx context.Context, id string) ([]*tasktypes.ProcessInfo, error)
	Stats(ctx context.Context, id string) (*types.Metric, error)
	State(ctx context.Context, id, execID string) (*taskv3.StateResponse, error)
	List(ctx context.Context) ([]*taskv3.StateResponse, error)
	Wait(ctx context.Context, id, execID string) (*taskv3.WaitResponse, error)
	Remove(ctx context.Context, id, execID string) (task.Exit, error)
}

// service serves the tasks.
type service struct {
	tasks.UnimplementedTasksServer
	core    Tasks
	content Content
}

// Config is what the server serves.
type Config struct {
	Tasks   Tasks
	Content Content
	Runtime Runtime
	UUID    string // of this engine, the same after a restart
	// Register adds the services of the storage.
	Register func(*grpc.Server) error
}

// New is a server with all services.
func New(c Config) (*grpc.Server, error) {
	s := grpc.NewServer(
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.UnaryInterceptor(unaryNamespace), grpc.StreamInterceptor(streamNamespace),
	)
	tasks.RegisterTasksServer(s, &service{core: c.Tasks, content: c.Content})
	introspection.RegisterIntrospectionServer(s, &about{runtime: c.Runtime, uuid: c.UUID})
	if err := c.Register(s); err != nil {
		return nil, err
	}
	return s, nil
}

// maxMessage is containerd's.
const maxMessage = 16 << 20

// unaryNamespace hands the namespace of a request on to what this process asks
// of others for it.
func unaryNamespace(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(withNamespace(ctx), req)
}

func streamNamespace(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, &namespaced{stream, withNamespace(stream.Context())})
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
